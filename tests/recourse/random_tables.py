"""Random tables, pipelines and constraints, and a check of every answer that knows nothing of the package's code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from carla_genre.constraints import (
    Allowed,
    AtMost,
    Constraint,
    Freeze,
    Implies,
    OneWay,
    Range,
    Weight,
    Where,
)

TARGET = "outcome"
QUICK = {
    "training": {"steps": 20, "batch_size": 64, "evaluations": 1},
    "architecture": {"decoder_layers": 1, "embedding": 16},
    "n_samples": 24,
    "verbose": False,
}


@dataclass(frozen=True)
class World:
    """A table, a pipeline that was trained on it, and what its columns are."""

    table: pd.DataFrame
    people: pd.DataFrame
    pipeline: Any
    numbers: list[str]
    levels: list[str]


def random_world(random: np.random.Generator, rows: int = 300) -> World:
    """Two to forty columns: decimals, whole numbers, levels, flags, with gaps in some, and a pipeline on top."""
    d = int(random.integers(2, 12)) if random.random() < 0.9 else int(random.integers(12, 41))
    table, score = pd.DataFrame(index=range(rows)), np.zeros(rows)
    numbers, levels = [], []
    for place in range(d):
        kind = "decimal" if place == 0 else random.choice(["decimal", "whole", "level", "flag", "float"])
        name = f"{kind}{place}" if random.random() < 0.7 else f"{kind} {place} (€)"
        weight = random.normal()
        if kind in ("decimal", "whole", "float"):
            cells = random.normal(random.normal() * 100, 10 ** random.uniform(-0.5, 3), rows)
            decimals = {"decimal": int(random.integers(1, 4)), "whole": 0, "float": None}[kind]
            cells = cells if decimals is None else cells.round(decimals)
            score += weight * (cells - cells.mean()) / (cells.std() or 1)
            column = pd.Series(cells)
            if kind == "whole":
                column = column.astype(random.choice(["int64", "int32", "float64", "Int64"]))
            numbers.append(name)
        elif kind == "flag":
            cells = random.random(rows) < 0.4
            score += 3 * weight * cells
            column = pd.Series(cells if random.random() < 0.5 else cells.astype(int))
            levels.append(name)
        else:
            spelled = [f"{' ' * int(random.integers(2))}l{i}" for i in range(int(random.integers(2, 7)))]
            codes = random.integers(0, len(spelled), rows)
            score += 3 * weight * random.normal(size=len(spelled))[codes]  # so that levels are changed too
            column = pd.Series([spelled[code] for code in codes])
            if random.random() < 0.3:
                column = column.astype("category")
            levels.append(name)
        if random.random() < 0.2 and column.dtype.kind in "fO":
            column = column.mask(pd.Series(random.random(rows) < 0.1))
        table[name] = column
    noisy = score + random.normal(0, 0.3 * (score.std() or 1), rows)
    table[TARGET] = np.where(noisy > np.quantile(noisy, random.uniform(0.3, 0.8)), "yes", "no")
    train, people = table.iloc[: rows * 2 // 3], table.iloc[rows * 2 // 3 :].drop(columns=TARGET)
    people = people.set_axis([f"p{i}" for i in random.permutation(len(people))]).rename_axis("who")
    return World(train, people.assign(remark="x"), _pipeline(random, train, numbers, levels), numbers, levels)


def _pipeline(random: np.random.Generator, train: pd.DataFrame, numbers: list[str], levels: list[str]) -> Any:
    model = [
        LogisticRegression(max_iter=500),
        GradientBoostingClassifier(n_estimators=15, random_state=0),
        RandomForestClassifier(20, min_samples_leaf=3, random_state=0),
    ][int(random.integers(3))]
    text = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="none", missing_values=np.nan),
        OneHotEncoder(handle_unknown="error"),
    )
    flags = [name for name in levels if name.startswith("flag")]
    texts = [name for name in levels if name not in flags]
    before = ColumnTransformer(
        [
            ("n", make_pipeline(SimpleImputer(), StandardScaler()), numbers),
            ("f", "passthrough", flags),
            ("t", text, texts),
        ]
    )
    return make_pipeline(before, model).fit(train.drop(columns=TARGET), train[TARGET])


def random_constraints(random: np.random.Generator, world: World) -> list[Constraint]:
    """One to four constraints of any kind."""
    return [random_constraint(random, world) for _ in range(int(random.integers(1, 5)))]


def random_constraint(random: np.random.Generator, world: World) -> Constraint:
    """One of any kind."""
    names = [*world.numbers, *world.levels]
    name, number = str(random.choice(names)), str(random.choice(world.numbers))
    cells = world.table[number].dropna()
    low, high = np.quantile(cells.astype(float), np.sort(random.random(2)))
    level = str(random.choice(world.levels)) if world.levels else None
    kinds: list[Any] = [
        lambda: Freeze(*random.choice(names, int(random.integers(1, max(2, len(names) - 1))), replace=False)),
        lambda: Freeze(
            only=random.choice(names, int(random.integers(1, len(names) + 1)), replace=False).tolist()
        ),
        lambda: OneWay(number, str(random.choice(["up", "down"]))),
        lambda: Range(number, float(low), float(high)),
        lambda: Range(number, -float(random.random()), float(random.random()), relative=True),
        lambda: AtMost(int(random.integers(1, 4))),
        lambda: Weight(name, float(random.uniform(0.1, 5))),
        lambda: Implies(name, then=number, grow=True),
        lambda: Where(lambda rows: rows[number].isna() | (rows[number] >= low), f"{number} >= {low}"),
    ]
    if level is not None:
        known = world.table[level].dropna().unique().tolist()
        kinds += [
            lambda: Allowed(level, [known[int(random.integers(len(known)))]]),
            lambda: Allowed(level, forbidden=[(known[0], known[-1])]),
            lambda: OneWay(level, "up", order=known),
            lambda: Implies(number, then=level, be=known[0]),
        ]
    made: Constraint = kinds[int(random.integers(len(kinds)))]()
    return made


def broken(constraint: Constraint, own: pd.Series, row: pd.Series) -> bool:
    """Whether a row breaks a constraint as the answer to a person's own row, by the raw cells alone."""

    def same(name: str) -> bool:
        return (
            bool(own[name] == row[name])
            if pd.notna(own[name]) and pd.notna(row[name])
            else (pd.isna(own[name]) and pd.isna(row[name]))
        )

    changed = [name for name in own.index if not same(name)]
    if isinstance(constraint, Freeze):
        if constraint.only is not None:
            return bool(set(changed) - set(constraint.only))
        return bool(set(changed) & set(constraint.features))
    if isinstance(constraint, AtMost):
        return len(changed) > constraint.changes
    if isinstance(constraint, Where):
        return not bool(np.asarray(constraint.holds(row.to_frame().T.infer_objects()))[0])
    if isinstance(constraint, Weight) or constraint.feature not in changed:  # type: ignore[attr-defined]
        return False
    if isinstance(constraint, OneWay):
        before, after = own[constraint.feature], row[constraint.feature]
        if constraint.order is not None:
            order = list(constraint.order)
            if before not in order or after not in order:
                return True
            before, after = order.index(before), order.index(after)
        elif pd.isna(before):
            return False
        return after < before if constraint.direction == "up" else after > before
    if isinstance(constraint, Range):
        low, high, after = constraint.low, constraint.high, float(row[constraint.feature])
        if constraint.relative:
            before = own[constraint.feature]
            if pd.isna(before):
                return False
            low, high = (float(before) + end * abs(float(before)) for end in (low, high))
        slack = 1e-9 * max(1.0, abs(after))
        return not low - slack <= after <= high + slack
    if isinstance(constraint, Allowed):
        before, after = own[constraint.feature], row[constraint.feature]
        return (constraint.levels is not None and after not in constraint.levels) or (
            before,
            after,
        ) in constraint.forbidden
    if isinstance(constraint, Implies):
        before, after = own[constraint.then], row[constraint.then]
        if constraint.grow is False:
            return bool(after != constraint.be)
        return pd.isna(before) or pd.isna(after) or not after > before
    raise AssertionError(constraint)
