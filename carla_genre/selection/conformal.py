"""Conformal risk control: the probability below which no answer is given."""

from __future__ import annotations

import numpy as np

from carla_genre.errors import InputError


def least_probability(probability: np.ndarray, wrong: np.ndarray, risk: float) -> float:
    """The bound below which no answer is given, so that the expected share of wrong answers is at most ``risk``.

    Conformal risk control (Angelopoulos, Bates, Fisch, Lei and Schuster, ICLR 2024). The loss of a factual is
    ``wrong``, in [0, 1], for an answer that is given, else 0: it falls as the bound rises. Of n factuals the least
    bound is taken at which (sum of losses + 1) / (n + 1) <= risk. For a factual that is exchangeable with these n, the
    expected loss is then at most ``risk``.

    ``probability`` (n,) that each factual's answer is right is NaN, and ``wrong`` (n,) is 0, where there is no answer.

    Raises
    ------
    InputError
        n is too small for this risk.
    """
    n = len(probability)
    check_promise(n, risk)
    order = np.argsort(-np.nan_to_num(probability, nan=-np.inf), kind="stable")
    too_many = np.cumsum(wrong[order]) > risk * (n + 1) - 1 + 1e-9
    # The answer with which the losses are too many has this probability: the bound lies just above it.
    return float(np.nextafter(probability[order][too_many.argmax()], np.inf)) if too_many.any() else 0.0


def check_promise(n: int, risk: float) -> None:
    """Raise InputError where n people are too few for this risk: no bound keeps it, not even without any answer."""
    if 1 / (n + 1) > risk:
        larger = f"ask for {1 / (n + 1):.3g} or more, " if n else ""
        raise InputError(
            f"risk {risk:g} cannot be promised from {n} denied training rows that are held out for it: "
            f"{larger}give more training rows, or leave risk out"
        )
