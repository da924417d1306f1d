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


def some_of(figures: pd.Series) -> str:
    """Of figures of seeds the share that there is, "4 of 5 seeds"; empty where there is each, or none."""
    found = int(figures.notna().sum())
    return f"{found} of {len(figures)} seeds" if 0 < found < len(figures) else ""


def spread_of(figures: pd.Series, digits: int = 2, sign: str = "") -> str:
    """:func:`spread` of figures of seeds, and behind it the seeds that it is of, where some have no figure."""
    return of_seeds(spread(figures.mean(), figures.std(), digits, sign), some_of(figures))


def of_seeds(text: str, some: str) -> str:
    """A figure, and behind it what :func:`some_of` says."""
    return f"{text} ({some})" if some else text


def spread(mean: float, deviation: float, digits: int = 2, sign: str = "") -> str:
    """``mean ± deviation``, or the mean alone where there is no deviation."""
    return number(mean, digits, sign) + ("" if pd.isna(deviation) else f" ± {deviation:.{digits}f}")
