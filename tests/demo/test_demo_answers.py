"""Answers in words, and what is asked of the demo's data."""

from argparse import Namespace

import numpy as np
import pandas as pd
import pytest

from carla_genre.constraints import Freeze, OneWay, Range
from carla_genre.demo.answers import change_frequencies, describe, record_of
from carla_genre.demo.data import load
from carla_genre.demo.progress import Steps
from carla_genre.recourse.words import Change, OptionInWords, Person

PERSON = Person(
    "a",
    "answered",
    0.123,
    [
        OptionInWords(
            1,
            [Change("age", "29", "31", "+2", 0.1), Change("income", "1.2", "2.6", "+1.4", 1.0)],
            0.75,
            0.3,
            0.9,
            0.8,
        )
    ],
)


def test_frequencies_are_shares_of_the_answered():
    moved = np.array([[0.1, 0, 0], [0.1, 1e-9, 1], [np.nan, np.nan, np.nan]])
    names = ("age", "income", "job")
    assert change_frequencies(moved, names) == {"age": 1.0, "income": 0.0, "job": 0.5}
    assert change_frequencies(moved[2:], names) == {"age": 0.0, "income": 0.0, "job": 0.0}


def test_a_person_is_described_in_aligned_lines():
    assert describe(PERSON).splitlines() == [
        "person a: h says 0.12 -> 0.75, likely to hold 90%",
        "  age     29 -> 31",
        "  income  1.2 -> 2.6",
    ]
    assert record_of(PERSON)["changes"] == {"age": ["29", "31"], "income": ["1.2", "2.6"]}


def test_steps_are_told_with_their_seconds(capsys):
    steps = Steps()
    with steps.step("work", "working"):
        pass
    assert steps.seconds["work"] >= 0
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.endswith("s] working\n")


@pytest.mark.slow
def test_adult_has_no_survey_weight_and_nobody_is_to_change_what_they_are():
    data = load(Namespace(data="adult", target=None, seed=0, quick=True))
    assert "fnlwgt" not in data.table
    assert set(data.table["income"]) == {0, 1}
    frozen = next(one for one in data.constraints if isinstance(one, Freeze))
    assert {"age", "sex", "race", "native-country", "marital-status"} <= set(frozen.features)
    assert OneWay("education-num", "up") in data.constraints
    assert any(isinstance(one, Range) and one.feature == "hours-per-week" for one in data.constraints)
    assert Freeze("capital-gain", "capital-loss") in data.further


def test_what_sounds_personal_in_a_csv_is_frozen(tmp_path):
    random = np.random.default_rng(0)
    table = pd.DataFrame(
        {"age": random.integers(20, 60, 60), "sex": ["f", "m"] * 30, "income": random.normal(size=60)}
    )
    table.assign(granted=["no", "yes"] * 30).to_csv(tmp_path / "loans.csv", index=False)
    data = load(Namespace(data=str(tmp_path / "loans.csv"), target="granted", seed=0, quick=False))
    assert data.constraints == [Freeze("age", "sex")]
    assert set(data.table) == {"age", "sex", "income", "granted"}
