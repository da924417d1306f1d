"""Answers in original units: only what changes."""

import numpy as np
import pandas as pd

from carla_genre.demo.answers import change_frequencies, changes, describe
from carla_genre.demo.progress import Steps


class Catalog:
    """Ages are scaled by 100, incomes by 10."""

    def inverse_transform(self, rows):
        return pd.DataFrame({"age": rows["age"] * 100, "income": rows["income"] * 10, "job": rows["job"]})


NAMES = ("age", "income", "job")


def frames():
    before = pd.DataFrame(
        {"age": [0.29, 0.5], "income": [0.12, 0.3], "job": ["cook", "smith"]}, index=["a", "b"]
    )
    after = before.copy()
    after.loc["a", ["age", "income"]] = [0.31, 0.2571]
    after.loc["b", "job"] = "cook"
    return before, after


def test_only_changes_are_told_in_original_units():
    before, after = frames()
    moved = np.array([[0.02, 0.1371, 0], [0, 1e-9, 1]])
    told = changes(Catalog(), before, after, moved, NAMES)
    assert told["a"] == {"age": ("29", "31"), "income": ("1.2", "2.571")}
    assert told["b"] == {"job": ("smith", "cook")}


def test_failures_are_left_out():
    before, after = frames()
    moved = np.array([[np.nan, np.nan, np.nan], [0, 0, 1]])
    assert list(changes(Catalog(), before, after, moved, NAMES)) == ["b"]
    assert changes(Catalog(), before, after, moved * np.nan, NAMES) == {}


def test_frequencies_are_shares_of_the_answered():
    moved = np.array([[0.1, 0, 0], [0.1, 1e-9, 1], [np.nan, np.nan, np.nan]])
    assert change_frequencies(moved, NAMES) == {"age": 1.0, "income": 0.0, "job": 0.5}
    assert change_frequencies(moved[2:], NAMES) == {"age": 0.0, "income": 0.0, "job": 0.0}


def test_a_person_is_described_in_aligned_lines():
    text = describe("a", {"age": ("29", "31"), "income": ("1.2", "2.6")}, 0.123, 0.75)
    assert text.splitlines() == [
        "person a: h says 0.12 -> 0.75",
        "  age     29 -> 31",
        "  income  1.2 -> 2.6",
    ]


def test_steps_are_told_with_their_seconds(capsys):
    steps = Steps()
    with steps.step("work", "working"):
        pass
    assert steps.seconds["work"] >= 0
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.endswith("s] working\n")
