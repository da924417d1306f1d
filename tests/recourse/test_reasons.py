"""Everyone without an option has a reason: a constraint, the table, the classifier, or a cell."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from loans import PEOPLE, TRAIN, built, pipeline, refused
from sklearn.ensemble import GradientBoostingRegressor

from carla_genre import Recourse
from carla_genre.constraints import Freeze, OneWay, Range


@pytest.fixture(scope="module")
def recourse(model: Any) -> Recourse:
    return built(model)


@pytest.fixture(scope="module")
def poorest(model: Any) -> pd.DataFrame:
    denied = refused(model, PEOPLE)
    return denied.nsmallest(6, "income")


def test_the_one_constraint_that_leaves_no_option_is_named(recourse: Recourse, poorest: pd.DataFrame) -> None:
    frozen = Freeze("income", "debt", "home", "dependants")
    reasons = recourse.recommend(poorest, constraints=[frozen, OneWay("age", "up")]).unanswered["reason"]
    assert len(reasons) == 6
    assert (reasons == f"no accepted candidate keeps every constraint; without {frozen!r} there is one").all()


def test_a_constraint_of_ones_own_is_named_to_that_person_alone(
    recourse: Recourse, poorest: pd.DataFrame
) -> None:
    first, second = poorest.index[:2]
    frozen, low = Freeze("income", "debt", "home", "dependants"), Range("income", high=1)
    own = {first: [frozen], second: [low, Freeze("debt", "home")]}
    reasons = recourse.recommend(poorest, constraints=[OneWay("age", "up")], by_person=own).unanswered
    reasons = reasons.set_index("person")["reason"]
    assert f"without {frozen!r} there is one" in reasons[first]
    assert "without Range('income'" in reasons[second]
    assert not reasons.drop([first, second]).str.contains("Range|Freeze").any()


def test_constraints_that_leave_none_only_together_are_named(
    recourse: Recourse, poorest: pd.DataFrame
) -> None:
    held = [Freeze("income"), Range("income", high=600), Freeze("debt", "home"), Range("debt", 9750)]
    reasons = recourse.recommend(poorest, constraints=held).unanswered["reason"]
    assert reasons.str.contains("together; with none of them there is one").any()


def test_someone_who_is_like_no_accepted_row_is_told(model: Any, poorest: pd.DataFrame) -> None:
    frozen = Freeze("income", "home", "dependants", "age")
    door = built(model, constraints=[frozen], held_out=0)
    found = door.recommend(poorest.assign(income=601.5))
    accepted = int((model.predict_proba(TRAIN.drop(columns="approved"))[:, 1] > 0.5).sum())
    assert found.unanswered["reason"].str.contains("no accepted row is like this person").all()
    assert found.unanswered["reason"].str.contains(f"none of {accepted} learned from keeps").all()


@pytest.mark.slow
@pytest.mark.parametrize("threshold", [0.5, 0.4])
def test_the_highest_h_of_the_candidates_is_told(threshold: float) -> None:
    def h(rows: pd.DataFrame) -> np.ndarray:
        return np.where(rows["age"] > 40, 0.9, rows["income"].clip(0, 4000) / 10001)

    table = TRAIN.assign(approved=np.where(TRAIN["age"] > 40, "yes", "no"))
    door = built(h, table, threshold=threshold)
    found = door.recommend(PEOPLE[PEOPLE["age"] < 40].head(5), constraints=[OneWay("age", "down")])
    for reason in found.unanswered["reason"]:
        told = re.search(
            r"without OneWay|none of (\d+) candidates: it says at most ([.\d]+), not above", reason
        )
        assert told, reason
        assert told[2] is None or 0 < float(told[2]) <= threshold
    kept = built(h, table, threshold=threshold, constraints=[Freeze("age", "income")])
    found = kept.recommend(PEOPLE[PEOPLE["age"] < 40].head(5))
    for person, reason in found.unanswered.itertuples(index=False):
        most = re.search(r"of \d+ candidates: it says at most ([.\d]+), not above ([.\d]+)", reason)
        assert most, reason
        assert float(most[1]) == pytest.approx(h(PEOPLE.loc[[person]])[0], rel=0.01)
        assert float(most[2]) == threshold


@pytest.mark.slow
def test_a_prediction_outside_of_the_interval_is_told() -> None:
    table = TRAIN.assign(approved=TRAIN["income"])
    model = pipeline(table, model=GradientBoostingRegressor(n_estimators=20, random_state=0))
    door = built(model, table, desired=(3000.0, 3500.0), constraints=[Freeze("income")])
    reasons = door.recommend(PEOPLE.head(20)).unanswered["reason"]
    assert reasons.str.contains("none has a prediction from 3000 to 3500").any()


READ = "(pd.read_csv has decimal= and thousands=)"


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("income", np.nan, "'income' is missing"),
        ("income", -np.inf, "'income' is infinite"),
        ("income", "12 thousand", "'income' is no number: '12 thousand'"),
        *[
            ("income", cell, f"'income' is no number: {cell!r}, write it as 1234.5 is written {READ}")
            for cell in (
                "3,5",
                "1,234.50",
                "1.234,50",
                "1 234",
                "1\u202f234\u202f567.5",
                "1'234",
                "-1,234",
                "12 %",
                "€ 12",
            )
        ],
        ("home", "boat", "'home' has no level 'boat'"),
        ("home", None, "'home' is missing"),
        ("home", ["own"], "'home' has no level ['own']"),
    ],
)
def test_an_unreadable_cell_is_told_with_its_column(
    recourse: Recourse, poorest: pd.DataFrame, column: str, cell: Any, reason: str
) -> None:
    people = poorest.astype({column: object})
    people.at[people.index[1], column] = cell
    people = people.assign(income=pd.Series(people["income"], dtype=people["income"].dtype))
    unanswered = recourse.recommend(people).unanswered.set_index("person")["reason"]
    assert unanswered[people.index[1]] == reason
    assert not unanswered.drop(people.index[1]).str.contains("missing|infinite|no number|no level").any()
