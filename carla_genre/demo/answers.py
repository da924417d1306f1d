"""Answers in the data's original units: before and after, only what changes."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

# In the scaled space: below it, a difference is the rounding of scaling back and forth.
SMALLEST_CHANGE = 1e-6


def changes(
    data: Any, factuals: pd.DataFrame, answers: pd.DataFrame, moved: np.ndarray, names: tuple[str, ...]
) -> dict[Hashable, dict[str, tuple[str, str]]]:
    """What changes for each factual with an answer: index -> feature -> (before, after), as text.

    ``data``, CARLA's, inverts the encoding of the factuals and answers (B, C). ``moved`` (B, D) is how much each
    feature changes in the scaled space, NaN for failures; ``names`` are the D features.
    """
    answered = ~np.isnan(moved).any(axis=1)
    if not answered.any():
        return {}
    before, after = (data.inverse_transform(rows[answered]) for rows in (factuals, answers))
    texts = {}
    for name in names:
        whole = _is_whole(before[name])
        pairs = zip(before[name], after[name], strict=True)
        texts[name] = [(_text(old, whole), _text(new, whole)) for old, new in pairs]
    changed = moved[answered] > SMALLEST_CHANGE
    return {
        index: {name: texts[name][row] for name, moves in zip(names, changed[row], strict=True) if moves}
        for row, index in enumerate(before.index)
    }


def change_frequencies(moved: np.ndarray, names: tuple[str, ...]) -> dict[str, float]:
    """Share of the answers in which each feature changes."""
    answered = moved[~np.isnan(moved).any(axis=1)]
    shares = (answered > SMALLEST_CHANGE).mean(axis=0) if len(answered) else np.zeros(len(names))
    return {name: float(share) for name, share in zip(names, shares, strict=True)}


def describe(index: Hashable, changed: dict[str, tuple[str, str]], before: float, after: float) -> str:
    """One answer in lines of text, with h before and after."""
    width = max((len(name) for name in changed), default=0)
    lines = [f"person {index}: h says {before:.2f} -> {after:.2f}"]
    lines += [f"  {name:<{width}}  {old} -> {new}" for name, (old, new) in changed.items()]
    return "\n".join(lines)


def _is_whole(values: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(values) and np.allclose(values, np.round(values), atol=1e-4))


def _text(value: Any, whole: bool) -> str:
    if isinstance(value, (bool, str)) or not np.isscalar(value):
        return str(value)
    number = float(value)  # type: ignore[arg-type]
    return f"{round(number):,}" if whole and abs(number - round(number)) < 1e-3 else f"{number:,.4g}"
