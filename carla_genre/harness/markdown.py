"""Numbers and tables in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd


def markdown_table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table; a bar in a cell is escaped."""
    text = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in text)


def number(value: float | None, digits: int, sign: str = "") -> str:
    """With so many digits; "-" where there is none."""
    return "-" if value is None or pd.isna(value) else f"{value:{sign}.{digits}f}"


def spread_of(figures: pd.Series, digits: int = 2) -> str:
    """:func:`spread` of figures of seeds, and behind it the seeds that it is of, where some have no figure."""
    text, found = spread(figures.mean(), figures.std(), digits), int(figures.notna().sum())
    return f"{text} ({found} of {len(figures)} seeds)" if 0 < found < len(figures) else text


def spread(mean: float, deviation: float, digits: int = 2) -> str:
    """``mean ± deviation``, or the mean alone where there is no deviation."""
    return number(mean, digits) + ("" if pd.isna(deviation) else f" ± {deviation:.{digits}f}")
