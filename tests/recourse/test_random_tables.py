"""Random tables, classifiers and constraints; and that the check of their answers finds what is made wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks.reliability.tables import ask_world, built, quick
from benchmarks.reliability.tables_check import faults_of
from benchmarks.reliability.tables_world import World
from carla_genre import Recourse
from carla_genre.constraints import Allowed, AtMost, Constraint, Freeze, Implies, OneWay, Range, Where
from carla_genre.recourse import Recommendations


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_every_answer_is_accepted_allowed_and_ones_own(seed: int) -> None:
    with quick():
        assert ask_world(seed)[1] == []


def plain_world() -> World:
    """Refused people who gain by a rise of two numbers, by a grade and by a level."""
    random, n = np.random.default_rng(0), 220
    table = pd.DataFrame(
        {
            "income": random.integers(10, 60, n) * 50.5,
            "years": random.integers(0, 12, n),
            "grade": pd.Categorical.from_codes(random.integers(0, 3, n), ["low", "mid", "top"], ordered=True),
            "home": random.choice(["own", "rent", "park"], n),
        }
    )
    merit = table["income"] / 700 + table["years"] / 3 + table["grade"].cat.codes + (table["home"] == "own")
    table["outcome"] = np.where(merit + random.normal(0, 0.3, n) > merit.quantile(0.6), "yes", "no")
    features = table.drop(columns="outcome")
    before = ColumnTransformer(
        [("n", StandardScaler(), ["income", "years"]), ("l", OneHotEncoder(), ["grade", "home"])]
    )
    model = make_pipeline(before, LogisticRegression(max_iter=300))
    model.fit(features, table["outcome"])
    kinds = {"income": "decimal", "years": "whole", "grade": "grade", "home": "level"}
    people = features.iloc[180:].assign(remark="x")
    orders = {"grade": ["low", "mid", "top"]}
    return World(table.iloc[:180], people, model, "yes", 0.5, kinds, orders, [], "logistic regression")


WORLD = plain_world()


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    with quick():
        yield


@pytest.fixture(scope="module")
def recourse() -> Recourse:
    made = built(WORLD)
    assert made is not None
    return made


@pytest.fixture(scope="module")
def found(recourse: Recourse) -> Recommendations:
    everybody = recourse.recommend(WORLD.people, 3)
    return recourse.recommend(WORLD.people[(everybody.status == "answered").to_numpy()], 3)


def faults(found: Recommendations, constraints: list[Constraint], each: Any = None, n: int = 3) -> set[str]:
    return {kind for kind, _ in faults_of(WORLD, WORLD.people, found, constraints, each or {}, n)}


@pytest.mark.parametrize(
    "constraint",
    [
        Freeze("income", "years"),
        AtMost(1),
        Implies("grade", then="years", grow=2),
    ],
    ids=repr,
)
def test_a_constraint_that_is_not_kept_is_found(recourse: Recourse, constraint: Constraint) -> None:
    """Where nobody is told of it, answers break it, and the check says so."""
    _untold_is_found(recourse, constraint)


@pytest.mark.slow
@pytest.mark.parametrize(
    "constraint",
    [
        Freeze(only=["grade"]),
        OneWay("years", "down"),
        OneWay("grade", "down"),
        OneWay("home", "down", order=["rent", "park", "own"]),
        Range("income", 0, 1000.0),
        Range("income", -0.01, 0.01, relative=True),
        Allowed("home", ["park"]),
        Allowed("grade", forbidden=[("low", "mid"), ("mid", "top"), ("low", "top")]),
        Implies("income", then="home", be="park"),
        Where(lambda rows: (rows["years"] < 5).to_numpy(), "years < 5"),
    ],
    ids=repr,
)
def test_a_constraint_of_any_other_kind_that_is_not_kept_is_found(
    recourse: Recourse, constraint: Constraint
) -> None:
    _untold_is_found(recourse, constraint)


def _untold_is_found(recourse: Recourse, constraint: Constraint) -> None:
    person = WORLD.people.index[::2]  # every second one
    kept = recourse.recommend(WORLD.people, 3, constraints=[constraint])
    assert faults(kept, [constraint]) == set()
    each = {label: [constraint] for label in person}
    assert faults(recourse.recommend(WORLD.people, 3, by_person=each), [], each) == set()
    untold = recourse.recommend(WORLD.people, 3)
    assert faults(untold, [constraint]) == {"broken constraint"}
    assert faults(untold, [], each) == {"broken constraint"}


def _cell(name: str, value: Any) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda rows: rows.assign(**{name: [value, *rows[name].iloc[1:]]})


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (_cell("remark", "y"), "foreign cell"),
        (_cell("income", 33.333), "impossible cell"),
        (_cell("income", -1e5), "refused"),
        (lambda rows: rows.astype({"years": float}), "dtype or index"),
        (lambda rows: rows.reset_index(drop=True), "dtype or index"),
        (lambda rows: rows[rows.columns[::-1]], "dtype or index"),
        (_cell("years", 99), "wrong report"),
    ],
)
def test_a_damaged_answer_is_found(found: Recommendations, damage: Any, kind: str) -> None:
    answered = found.people
    hurt = replace(found, rows=damage(found.rows))
    assert kind in {one for one, _ in faults_of(WORLD, answered, hurt, [], {}, 3)}
    assert "wrong report" in {one for one, _ in faults_of(WORLD, answered, found, [], {}, 1)}
