"""Holds answers against the user's own classifier, the person's own row and the constraints, by raw cells alone.

Nothing here uses the package's way to read, write or hold constraints: numbers are compared as decimals, cell by cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.reliability.tables_world import World
from carla_genre.constraints import Allowed, AtMost, Constraint, Freeze, Implies, OneWay, Range, Weight, Where
from carla_genre.recourse import Recommendations

Cells = Mapping[str, Any]
# What may be wrong with an answer.
FAULTS = ("refused", "broken constraint", "foreign cell", "impossible cell", "dtype or index", "wrong report")


def faults_of(
    world: World,
    people: pd.DataFrame,
    found: Recommendations,
    constraints: Sequence[Constraint],
    by_person: Mapping[Any, Sequence[Constraint]],
    n: int,
) -> list[tuple[str, str]]:
    """Every fault of what was found, as (one of FAULTS, what it is); none where all is right.

    Parameters
    ----------
    world : World
    people : DataFrame (B, any)
    found : Recommendations
    constraints : sequence of Constraint
        What holds for everybody.
    by_person : mapping
        Label -> what holds for one person as well; their index has no repeats then.
    n : int
        How many options were asked for.
    """
    faults = _frame_faults(people, found, n)
    if not len(found.rows):
        return faults
    changes = list[int]()
    for label, status, mine, answer in zip(
        found.rows.index,
        found.status.iloc[found.place],
        _cells(people.iloc[found.place]),
        _cells(found.rows),
        strict=True,
    ):
        changed = [name for name in mine if not _same(mine[name], answer[name])]
        changes.append(len(changed))
        held = [] if status == "accepted already" else [*constraints, *by_person.get(label, ())]
        faults += [
            ("broken constraint", f"{one!r}: { {name: (mine[name], answer[name]) for name in changed} }")
            for one in held
            if broken(one, mine, answer, world.orders)
        ]
        foreign = changed if status == "accepted already" else set(changed) - set(world.kinds)
        faults += [("foreign cell", f"{name}: {answer[name]!r}") for name in foreign]
    faults += _impossible_cells(world, people, found)
    faults += _predicate_faults(world, found, constraints, by_person)
    return faults + _report_faults(world, found, changes)


def _impossible_cells(world: World, people: pd.DataFrame, found: Recommendations) -> list[tuple[str, str]]:
    """Changed cells that their column cannot hold."""
    faults = list[tuple[str, str]]()
    for name in world.kinds:
        possible = _possible(world, name)
        own, after = _column(people[name].iloc[found.place]), _column(found.rows[name])
        faults += [
            ("impossible cell", f"{name}: {one!r} -> {other!r}")
            for one, other in zip(own, after, strict=True)
            if not _same(one, other) and not possible(other)
        ]
    return faults


def _predicate_faults(
    world: World,
    found: Recommendations,
    constraints: Sequence[Constraint],
    by_person: Mapping[Any, Sequence[Constraint]],
) -> list[tuple[str, str]]:
    """Where, asked about the very rows."""
    rows, faults = found.rows[list(world.kinds)], list[tuple[str, str]]()
    answered = (found.status.iloc[found.place] == "answered").to_numpy()
    everybody = [(one, answered) for one in constraints]
    each = [(one, answered & (rows.index == label)) for label, own in by_person.items() for one in own]
    for one, which in (*everybody, *each):
        if isinstance(one, Where):
            kept = np.asarray(one.holds(rows))
            faults += [("broken constraint", repr(one))] * int((which & ~kept).sum())
    return faults


def _frame_faults(people: pd.DataFrame, found: Recommendations, n: int) -> list[tuple[str, str]]:
    rows, faults = found.rows, list[tuple[str, str]]()
    if list(rows.columns) != list(people.columns):
        faults.append(("dtype or index", f"columns {list(rows.columns)}"))
    if not rows.index.equals(people.index[found.place]) or rows.index.names != people.index.names:
        faults.append(("dtype or index", f"index {rows.index[:3]}"))
    faults += [
        ("dtype or index", f"{name}: {people[name].dtype} became {rows[name].dtype}")
        for name in people.columns
        if len(rows) and rows[name].dtype != people[name].dtype
    ]
    if not found.status.index.equals(people.index) or len(found.status) != len(people):
        faults.append(("wrong report", "status is not that of the people"))
    if len(rows) and np.bincount(found.place).max() > n:
        faults.append(("wrong report", f"more than {n} options for somebody"))
    none = ~found.status.isin(["answered", "accepted already"]).to_numpy()
    if set(np.flatnonzero(none)) & set(found.place.tolist()) or len(found.unanswered) != none.sum():
        faults.append(("wrong report", "somebody has both an option and a reason, or neither"))
    if set(np.flatnonzero(~none)) - set(found.place.tolist()):
        faults.append(("wrong report", "somebody is said to be answered and has no row"))
    return faults


def _report_faults(world: World, found: Recommendations, changes: list[int]) -> list[tuple[str, str]]:
    """Whether the classifier, the figures and the table of changes say what the rows say."""
    rows = found.rows
    faults = [("refused", f"{rows.index[place]}") for place in np.flatnonzero(~world.accepts(rows))]
    if not np.allclose(world.says(rows), found.figures["h"], rtol=0, atol=1e-9):
        faults.append(("wrong report", "h is not what the classifier says"))
    if found.figures["changes"].tolist() != changes:
        faults.append(("wrong report", "figures['changes'] are not the cells that differ"))
    if len(found.changes) != sum(changes):
        faults.append(("wrong report", "changes has not a row for each cell that differs"))
    whole = pd.Series([repr(list(row.values())) for row in _cells(rows)])
    if pd.DataFrame({"person": found.place, "row": whole}).duplicated().any():
        faults.append(("wrong report", "one option twice"))
    return faults


def broken(constraint: Constraint, own: Cells, row: Cells, orders: Mapping[str, Sequence[Any]]) -> bool:
    """Whether a row breaks a constraint (any but Where) as the answer to a person's own row.

    ``orders`` are the levels of ordered columns from the lowest to the highest.
    """
    one: Any = constraint
    changed = {name for name in own if not _same(own[name], row[name])}
    if isinstance(one, Freeze):
        return bool(changed - set(one.only) if one.only is not None else changed & set(one.features))
    if isinstance(one, AtMost):
        return len(changed) > one.changes
    if isinstance(one, Weight | Where) or one.feature not in changed:
        return False
    before, after = own[one.feature], row[one.feature]
    if isinstance(one, OneWay):
        order = one.order if one.order is not None else orders.get(one.feature)
        return _wrong_way(before, after, one.direction, order)
    if isinstance(one, Range):
        return _out_of_range(before, after, one)
    if isinstance(one, Allowed):
        return (one.levels is not None and after not in one.levels) or (before, after) in one.forbidden
    if isinstance(one, Implies):
        return _not_followed(own, row, one, orders.get(one.then))
    raise AssertionError(constraint)


def _wrong_way(before: Any, after: Any, direction: str, order: Sequence[Any] | None) -> bool:
    if order is not None:
        if before not in order or after not in order:
            return True
        rise = list(order).index(after) - list(order).index(before)
    elif before is None:
        return direction == "down"  # any number lies above a gap
    else:
        rise = 1 if after > before else -1
    return rise < 0 if direction == "up" else rise > 0


def _out_of_range(before: Any, after: Any, one: Range) -> bool:
    low, high = (None if end is None else _exact(end) for end in (one.low, one.high))
    if one.relative:
        if before is None:
            return False
        base = _exact(before)
        low, high = (None if end is None else base + end * abs(base) for end in (low, high))
    slack = abs(_exact(after)) * Decimal("1e-12") if one.relative else Decimal(0)  # shares are doubles
    too_low = low is not None and _exact(after) < low - slack
    return too_low or (high is not None and _exact(after) > high + slack)


def _not_followed(own: Cells, row: Cells, one: Implies, order: Sequence[Any] | None) -> bool:
    if one.to is not None and row[one.feature] != one.to:
        return False
    before, after = own[one.then], row[one.then]
    if one.be is not None and after == one.be:
        return False
    if one.grow is False or before is None or after is None:
        return True
    if order is not None:
        return list(order).index(after) <= list(order).index(before)
    step = Decimal(0) if one.grow is True else _exact(one.grow)
    slack = abs(_exact(after)) * Decimal("1e-12")
    return not (after > before and _exact(after) - _exact(before) >= step - slack)


def _possible(world: World, name: str) -> Any:
    """Whether a cell is one that the column can hold: a function of a cell."""
    known = [cell for cell in _column(world.table[name]) if cell is not None]
    if name in world.levels:
        levels = set(known)
        return lambda cell: cell in levels
    if world.kinds[name] == "float":
        return lambda cell: isinstance(cell, float) and np.isfinite(cell)
    most = max(-min(0, _exact(cell).as_tuple().exponent) for cell in (_exact(c).normalize() for c in known))  # type: ignore[operator]
    return lambda cell: cell is not None and -_exact(cell).normalize().as_tuple().exponent <= most  # type: ignore[operator]


def _exact(cell: Any) -> Decimal:
    return Decimal(str(cell))


def _same(one: Any, other: Any) -> bool:
    return (one is None and other is None) or (one is not None and other is not None and one == other)


def _cells(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as plain Python cells; a gap of any kind is None."""
    columns = {name: _column(frame[name]) for name in frame.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _column(column: pd.Series) -> list[Any]:
    cells = column.astype(object).tolist()
    if column.dtype == "float32":
        cells = [float(str(cell)) for cell in column.to_numpy()]
    gaps = column.isna().to_numpy()
    return [None if gap else cell for cell, gap in zip(cells, gaps, strict=True)]
