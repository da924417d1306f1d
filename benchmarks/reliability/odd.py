"""What nobody meant to give: odd values, frames that were changed, files that were damaged."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]

# Numbers at the ends of what a number can be. None is of a size that is merely slow.
NUMBERS: tuple[Any, ...] = (
    *(0, 1, -1, 2, 3, 0.5, -0.0, 1e-320, 1e30, -1e30, 1e300, -1e308),
    *(float("nan"), float("inf"), float("-inf"), 2**31, 2**32 - 2, 2**53 + 1, 2**63 - 1, 2**63, 10**400),
    *(np.float32(0.1), np.float64("nan"), np.int8(3), np.uint64(2**64 - 1), True, np.bool_(False)),
    decimal.Decimal("0.1"),
    decimal.Decimal("NaN"),
    1j,
)
# Of types that no number and no text is of.
OTHERS: tuple[Any, ...] = (
    *(None, "", " ", "x", "1", "nan", "yes", "\x00", "ä" * 300, b"x", (), (1, 2), [], [1], {}, {"a": 1}, {1}),
    *(object(), len, int, pd.NA, pd.NaT, pd.Timestamp("2026-01-01"), pd.Timedelta(1, "s")),
    *(datetime.date(2026, 1, 1), np.array([1.0]), np.array(2), pd.Series([1]), pd.DataFrame({"a": [1]})),
)
VALUES = st.sampled_from(NUMBERS) | st.sampled_from(OTHERS)

_DTYPES = ("float32", "float16", "object", "string", "category", "Float64", "Int64", "complex128", "int64")
_INDEXES: tuple[Callable[[int], Any], ...] = (
    lambda n: [0] * n,
    lambda n: [f"p{i}" for i in range(n)],
    lambda n: [None] * n,
    lambda n: [float("nan")] * n,
    lambda n: pd.MultiIndex.from_arrays([range(n), ["x"] * n]),
    lambda n: pd.date_range("2026-01-01", periods=n),
    lambda n: list(range(n))[::-1],
    lambda n: pd.CategoricalIndex(["a"] * n),
    lambda n: [(i, i) for i in range(n)],
    lambda n: [2**63 + i for i in range(n)],
)


def changed_frame(frame: pd.DataFrame, draw: Draw) -> Any:
    """A frame after up to three changes that a caller could make, wanted or not."""
    for _ in range(draw(st.integers(0, 3))):
        if not isinstance(frame, pd.DataFrame):
            break
        frame = draw(st.sampled_from(_CHANGES))(frame.copy(), draw)
    return frame


def _other_index(frame: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    frame.index = pd.Index(draw(st.sampled_from(_INDEXES))(len(frame)))
    return frame


def _column(frame: pd.DataFrame, draw: Draw) -> Any:
    return draw(st.sampled_from(list(frame.columns))) if len(frame.columns) else "none"


def _other_dtype(frame: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    column, dtype = _column(frame, draw), draw(st.sampled_from(_DTYPES))
    try:
        return frame.assign(**{str(column): frame[column].astype(dtype)})
    except (TypeError, ValueError, KeyError, OverflowError, AttributeError, NotImplementedError):
        return frame


def _other_cell(frame: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    if not len(frame) or not len(frame.columns):
        return frame
    place = draw(st.integers(0, len(frame.columns) - 1))
    row, value = draw(st.integers(0, len(frame) - 1)), draw(VALUES)
    cells = frame.iloc[:, place].tolist()
    cells[row] = value
    column = pd.Series(pd.array(cells, dtype=object), index=frame.index)
    if draw(st.booleans()):
        try:
            column = column.infer_objects()
        except (TypeError, ValueError, OverflowError):
            pass
    columns = [frame.iloc[:, other] for other in range(len(frame.columns))]
    columns[place] = column
    return pd.concat(columns, axis=1).set_axis(frame.columns, axis=1)


def _other_column(frame: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    value = draw(VALUES)
    cells = pd.Series(pd.array([value] * len(frame), dtype=object), index=frame.index)
    return frame.assign(**{str(_column(frame, draw)): cells})


def _other_header(frame: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    names: list[Any] = list(frame.columns)
    if names:
        other = draw(st.sampled_from([names[0], 0, None, ("a", "b"), float("nan"), "other", b"income"]))
        names[draw(st.integers(0, len(names) - 1))] = other
    return frame.set_axis(pd.Index(names, tupleize_cols=False), axis=1)


_NO_FRAMES: tuple[Callable[[pd.DataFrame], Any], ...] = (
    lambda frame: frame.to_numpy(),
    lambda frame: frame.to_dict("records"),
    lambda frame: frame.iloc[0] if len(frame) else None,
    lambda frame: None,
    lambda frame: "factuals.csv",
)
_CHANGES: tuple[Callable[[pd.DataFrame, Draw], Any], ...] = (
    _other_index,
    _other_dtype,
    _other_cell,
    _other_cell,
    _other_column,
    _other_header,
    lambda frame, draw: frame.iloc[:, ::-1],
    lambda frame, draw: frame.iloc[::-1],
    lambda frame, draw: (
        frame.iloc[draw(st.lists(st.integers(0, max(len(frame) - 1, 0)), max_size=9))]
        if len(frame)
        else frame
    ),
    lambda frame, draw: frame.drop(columns=[_column(frame, draw)], errors="ignore"),
    lambda frame, draw: frame.assign(further=1.0),
    lambda frame, draw: (
        frame * draw(st.sampled_from([1e3, -1.0, 1e300, 0.5]))
        if all(dtype.kind == "f" for dtype in frame.dtypes)
        else frame
    ),
    lambda frame, draw: frame.set_axis(
        pd.MultiIndex.from_product([["a"], range(len(frame.columns))]), axis=1
    ),
    lambda frame, draw: draw(st.sampled_from(_NO_FRAMES))(frame),
)


def damaged(content: bytes, draw: Draw) -> bytes:
    """A file's bytes with bits flipped, a part cut out or put to zero, or others put in; never the same."""
    kind = draw(st.sampled_from(("bit", "bit", "cut", "part", "zeros", "more", "all")))
    start = draw(st.integers(0, max(len(content) - 1, 0)))
    stop = min(start + draw(st.integers(1, 4096)), len(content))
    damages: dict[str, Callable[[], bytes]] = {
        "bit": lambda: _flipped(
            content, [start, *draw(st.lists(st.integers(0, len(content) - 1), max_size=2))], draw
        ),
        "cut": lambda: content[:start],
        "part": lambda: content[:start] + content[stop:],
        "zeros": lambda: content[:start] + bytes(stop - start) + content[stop:],
        "more": lambda: content[:start] + draw(st.binary(min_size=1, max_size=20)) + content[start:],
        "all": lambda: draw(st.binary(max_size=200)),
    }
    changed = damages[kind]()
    return changed if changed != content else content[:-1]


def _flipped(content: bytes, places: Sequence[int], draw: Draw) -> bytes:
    changed = bytearray(content)
    for place in set(places):
        changed[place] ^= 1 << draw(st.integers(0, 7))
    return bytes(changed)
