"""Answers in the data's original units: before and after, only what changes."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

# In the scaled space: below it, a difference is the rounding of scaling back and forth.
SMALLEST_CHANGE = 1e-6


def in_original_units(data: Any, rows: pd.DataFrame) -> pd.DataFrame:
    """Decode and descale answered rows (no NaN)."""
    return data.inverse_transform(rows)


def changes(
    data: Any, factuals: pd.DataFrame, answers: pd.DataFrame, moved: np.ndarray, names: tuple[str, ...]
) -> dict[Hashable, dict[str, tuple[str, str]]]:
    """What each answered person has to change.

    Parameters
    ----------
    data : carla.data.api.Data
        Knows the way back to the original units.
    factuals, answers : DataFrame (B, C)
        Encoded; the same rows.
    moved : ndarray (B, D)
        How much each feature changes in the scaled space, NaN for failures.
    names : tuple of str
        The D features.

    Returns
    -------
    dict
        Index -> feature -> (before, after), as text.
    """
    answered = ~np.isnan(moved).any(axis=1)
    if not answered.any():
        return {}
    before = in_original_units(data, factuals[answered])
    after = in_original_units(data, answers[answered])
    whole = {name: _is_whole(before[name]) for name in names}
    found: dict[Hashable, dict[str, tuple[str, str]]] = {}
    for place, (index, change) in enumerate(zip(before.index, moved[answered], strict=True)):
        found[index] = {
            name: (_text(before[name].iloc[place], whole[name]), _text(after[name].iloc[place], whole[name]))
            for name, difference in zip(names, change, strict=True)
            if difference > SMALLEST_CHANGE
        }
    return found


def change_frequencies(moved: np.ndarray, names: tuple[str, ...]) -> dict[str, float]:
    """Share of the answered people for whom each feature changes."""
    answered = moved[~np.isnan(moved).any(axis=1)]
    shares = (answered > SMALLEST_CHANGE).mean(axis=0) if len(answered) else np.zeros(len(names))
    return {name: float(share) for name, share in zip(names, shares, strict=True)}


def describe(index: Hashable, person: dict[str, tuple[str, str]], before: float, after: float) -> str:
    """One person's answer in lines of text, with what h says before and after."""
    width = max((len(name) for name in person), default=0)
    lines = [f"person {index}: h says {before:.2f} -> {after:.2f}"]
    lines += [f"  {name:<{width}}  {old} -> {new}" for name, (old, new) in person.items()]
    return "\n".join(lines)


def _is_whole(values: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(values) and np.allclose(values, np.round(values), atol=1e-4))


def _text(value: Any, whole: bool) -> str:
    if isinstance(value, (bool, str)) or not np.isscalar(value):
        return str(value)
    number = float(value)  # type: ignore[arg-type]
    return f"{round(number):,}" if whole and abs(number - round(number)) < 1e-3 else f"{number:,.4g}"
