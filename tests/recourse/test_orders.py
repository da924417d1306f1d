"""Levels that have an order, numbers relative to one's own, and what must follow a change."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from loans import QUICK

from carla_genre import Recourse
from carla_genre.constraints import Constraint, Freeze, Implies, Limits, OneWay, Range, Weight
from carla_genre.errors import InputError
from carla_genre.generator.constraints import Bounds
from carla_genre.recourse.codec import TableCodec

RANDOM = np.random.default_rng(0)
N = 300
GRADES = ["none", "school", "college"]
TABLE = pd.DataFrame(
    {
        "grade": pd.Categorical.from_codes(RANDOM.integers(0, 3, N), GRADES, ordered=True),
        "years": RANDOM.integers(0, 12, N),
        "income": RANDOM.integers(10, 60, N) * 50.5,
        "flat": RANDOM.choice(["rent", "own"], N),
    }
)
TABLE.loc[::10, "income"] = np.nan


def h(rows: pd.DataFrame) -> np.ndarray:
    """Rises with the years, the income, and any grade but the middle one."""
    grade = (rows["grade"].astype(object) != "school").to_numpy() * 1.5
    income = rows["income"].fillna(1500).to_numpy() / 800
    return np.asarray(1 / (1 + np.exp(3.8 - grade - income - rows["years"].to_numpy() / 6)))


TABLE["y"] = (h(TABLE) + RANDOM.normal(0, 0.05, N) > 0.5).astype(int)
PEOPLE = TABLE.drop(columns="y")[h(TABLE) <= 0.5].head(60)


@pytest.fixture(scope="module")
def recourse() -> Recourse:
    return Recourse(h, TABLE, "y", 1, verbose=False, hyperparams=QUICK)


def test_an_ordered_categorical_needs_no_order(recourse: Recourse) -> None:
    freely = recourse.recommend(PEOPLE, n=3, constraints=[Weight("years", 9), Weight("income", 9)])
    moved = freely.changes[freely.changes["feature"] == "grade"]
    assert {"none", "college"} == set(moved["after"])
    for way, allowed in (("up", {"college"}), ("down", {"none"})):
        held = [OneWay("grade", way), Weight("years", 9), Weight("income", 9)]
        found = recourse.recommend(PEOPLE, n=3, constraints=held)
        moved = found.changes[(found.changes["feature"] == "grade") & (found.changes["before"] == "school")]
        assert set(moved["after"]) == allowed
    stated = recourse.recommend(PEOPLE, n=3, constraints=[OneWay("grade", "up", order=GRADES)])
    own = recourse.recommend(PEOPLE, n=3, constraints=[OneWay("grade", "up")])
    pd.testing.assert_frame_equal(stated.table, own.table)


@pytest.mark.slow
def test_a_constraint_of_the_training_may_be_about_an_ordered_categorical() -> None:
    door = Recourse(h, TABLE, "y", 1, constraints=[OneWay("grade", "up")], verbose=False, hyperparams=QUICK)
    moved = door.recommend(PEOPLE, n=2).changes
    moved = moved[moved["feature"] == "grade"]
    assert (moved["after"].map(GRADES.index) > moved["before"].map(GRADES.index)).all()


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (["college", "school"], "contradicts the order that 'grade' has"),
        (["none", "university"], "no level 'university'"),
        (["none", "school", " none"], "twice"),
    ],
)
def test_a_stated_order_is_held_against_the_table(recourse: Recourse, order: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        recourse.recommend(PEOPLE, constraints=[OneWay("grade", "up", order=order)])


def test_what_follows_a_change_is_a_level_or_growth_or_either(recourse: Recourse) -> None:
    cheap = [Weight("grade", 0.1), Freeze("flat")]

    def asked(rule: Implies) -> tuple[pd.DataFrame, pd.DataFrame]:
        found = recourse.recommend(PEOPLE, n=3, constraints=[rule, *cheap])
        own = PEOPLE.iloc[found.place]
        caused = (own["grade"].astype(object) != found.rows["grade"].astype(object)).to_numpy()
        if rule.to is not None:
            caused = caused & (found.rows["grade"] == rule.to).to_numpy()
        assert caused.any()
        return own[caused], found.rows[caused]

    own, rows = asked(Implies("grade", then="years", grow=2))
    assert (rows["years"].to_numpy() - own["years"].to_numpy() >= 2).all()
    own, rows = asked(Implies("grade", to="college", then="years", be=11))
    assert (rows["years"] == 11).all()
    own, rows = asked(Implies("grade", then="years", be=3, grow=True))
    either = (rows["years"] == 3).to_numpy() | (rows["years"].to_numpy() > own["years"].to_numpy())
    assert either.all()
    own, rows = asked(Implies("grade", then="income", grow=True))
    assert (rows["income"].to_numpy() > own["income"].to_numpy()).all()  # what fills a gap has not grown


def test_growth_of_levels_follows_their_order(recourse: Recourse) -> None:
    rule = Implies("years", then="grade", grow=True)
    found = recourse.recommend(PEOPLE, n=3, constraints=[rule, Weight("years", 0.1)])
    own = PEOPLE.iloc[found.place]
    caused = own["years"].to_numpy() != found.rows["years"].to_numpy()
    assert caused.any()
    assert (found.rows["grade"].cat.codes.to_numpy() > own["grade"].cat.codes.to_numpy())[caused].all()
    with pytest.raises(InputError, match="has levels, which grow by no number"):
        recourse.recommend(PEOPLE, constraints=[Implies("years", then="grade", grow=2)])
    with pytest.raises(InputError, match="ordered pandas Categorical"):
        recourse.recommend(PEOPLE, constraints=[Implies("years", then="flat", grow=True)])


def test_a_range_is_relative_to_ones_own_number(recourse: Recourse) -> None:
    held = [Range("years", -0.5, 0.5, relative=True), Range("income", None, 0.25, relative=True)]
    found = recourse.recommend(PEOPLE, n=3, constraints=held)
    own = PEOPLE.iloc[found.place]
    years, before = found.rows["years"].to_numpy(), own["years"].to_numpy()
    assert (years != before).any()
    assert found.rows["years"].dtype == "int64"
    assert ((years >= before * 0.5) & (years <= before * 1.5)).all()
    income, was = found.rows["income"].to_numpy(), own["income"].to_numpy()
    raised = ~np.isnan(was) & (income != was)
    assert raised.any()
    assert (income <= was * 1.25)[raised].all()


def limits_of(codec: TableCodec, people: pd.DataFrame, constraint: Constraint) -> Limits:
    """What one constraint leaves people."""
    values, _ = codec.encode(people)
    anything = np.full(values.shape, np.inf)
    limits = Limits(codec.variables(), people, values, Bounds(-anything, anything, {}))
    constraint.narrow(limits)
    return limits


def test_growth_is_exact_however_large_the_numbers_are() -> None:
    table = pd.DataFrame(
        {"years": [1, 2, 9], "rupiah": [10**9, 2 * 10**9, 3 * 10**11], "share": [0.1, 0.3, 0.9]}
    )
    codec, own = TableCodec.fit(table, []), table.head(1)

    def allowed(then: str, grow: float, after: float) -> bool:
        limits = limits_of(codec, own, Implies("years", then=then, grow=grow))
        rows, _ = codec.encode(own.assign(years=2, **{then: after}))
        return bool(limits.keep_rules(limits.values, rows)[0])

    assert not allowed("rupiah", 50, 10**9 + 49)
    assert allowed("rupiah", 50, 10**9 + 50)
    assert not allowed("share", 0.2, 0.29)
    assert allowed("share", 0.2, 0.3)


@pytest.mark.parametrize("kind", ["float32", "Float32", "float[pyarrow]"])
def test_a_range_of_numbers_in_single_precision_is_exact_as_they_are_written(kind: str) -> None:
    random = np.random.default_rng(1)
    people = pd.DataFrame({"x": pd.Series(random.normal(0, 1, 200).astype("float32")).astype(kind)})

    def written(cells: pd.DataFrame) -> np.ndarray:
        return np.array([float(str(number)) for number in cells["x"].to_numpy(dtype="float32")])

    codec = TableCodec.fit(people, [])
    bounds = limits_of(codec, people, Range("x", -0.3, 0.3, relative=True)).bounds
    own, low, high = written(people), *(written(codec.decode(end)) for end in (bounds.lower, bounds.upper))
    assert (low >= own - 0.3 * np.abs(own)).all()
    assert (high <= own + 0.3 * np.abs(own)).all()
