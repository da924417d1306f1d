"""People whose columns are others than the table's, and one person in a group who cannot be asked about."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from loans import PEOPLE, TRAIN, built, pipeline
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from carla_genre import Recourse
from carla_genre.constraints import Freeze, OneWay, Range
from carla_genre.errors import InputError
from carla_genre.recourse import Recommendations


def assert_told_as_it_is(recourse: Recourse, found: Recommendations) -> None:
    """Each changed cell is told, no other is; and the classifier accepts the rows as they are."""
    assert len(found)
    assert len(found.changes) == found.figures["changes"].sum()
    assert (found.changes["before"] != found.changes["after"]).all()
    assert (recourse.decision_(found.rows[recourse.feature_names_in_]) > 0.5).all()


@pytest.mark.parametrize(
    "narrow",
    [
        {"debt": "int8"},
        {"debt": "Int8"},
        {"income": "uint8"},
        {"income": "float16"},
        {"income": "float32"},
        {"income": "Float32"},
        {"income": pd.ArrowDtype(pa.float32())},
        {"age": "float32", "debt": "Int64", "dependants": "object"},
    ],
    ids=str,
)
def test_a_column_that_cannot_hold_an_answer_becomes_a_wider_one(
    recourse: Recourse, denied: pd.DataFrame, narrow: dict[str, Any]
) -> None:
    people = denied.head(15).assign(debt=100, income=lambda rows: rows["income"] % 200).astype(narrow)
    found = recourse.recommend(people, n=2)
    assert_told_as_it_is(recourse, found)
    incomes = found.changes.query("feature == 'income'")["after"].astype(float)
    assert (incomes.round(2) == incomes).all()


@pytest.mark.parametrize("kind", ["float32", "Float32", pd.ArrowDtype(pa.float32())], ids=str)
def test_single_precision_is_kept_and_has_its_own_decimals(denied: pd.DataFrame, kind: Any) -> None:
    table = TRAIN.astype({"income": kind})
    recourse = built(pipeline(table), table)
    for people in (denied.head(15), denied.head(15).astype({"income": kind})):
        found = recourse.recommend(people, n=2)
        assert_told_as_it_is(recourse, found)
        assert found.rows.dtypes.equals(people.dtypes)
        incomes = found.changes.query("feature == 'income'")["after"].astype(float)
        assert len(incomes)
        assert (incomes.round(2) == incomes).all()


def test_whole_numbers_beyond_ten_digits_stay_whole(denied: pd.DataFrame) -> None:
    large = {"debt": 10**11 + 7}
    table = TRAIN.assign(debt=TRAIN["debt"] * large["debt"])
    people = denied.head(15).assign(debt=denied["debt"] * large["debt"])
    recourse = built(pipeline(table), table)
    found = recourse.recommend(people, n=2)
    assert_told_as_it_is(recourse, found)
    assert found.rows["debt"].dtype == np.int64
    assert "debt" in set(found.changes["feature"])


def test_a_text_among_numbers_takes_its_person_alone(recourse: Recourse, denied: pd.DataFrame) -> None:
    """The column's dtype is then object, which some classifiers refuse."""
    asked = list[Any]()
    people = denied.head(12)
    everybody = recourse.recommend(people)

    def strict(rows: pd.DataFrame) -> Any:
        asked.append(rows["age"].dtype)
        return recourse.classifier.predict_proba(rows)[:, 1]

    careful = built(strict, constraints=[Freeze("age")])
    for cell, message in (("x", "'age' is no number: 'x'"), ("54", "'54' is a text, pd.to_numeric")):
        mixed = people.assign(age=[cell, *people["age"].iloc[1:]]).set_axis([*"aabbccddeeff"])
        found = careful.recommend(mixed)
        assert message in found.unanswered.loc[0, "reason"]
        same = everybody.rows[everybody.place > 0].reset_index(drop=True)
        pd.testing.assert_frame_equal(found.rows.reset_index(drop=True), same)
    assert set(asked) == {np.dtype("int64")}


def test_a_row_on_which_the_classifier_fails_takes_its_person_alone() -> None:
    def logs(rows: pd.DataFrame) -> pd.DataFrame:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.log(rows[["income", "age"]]).assign(debt=rows["debt"])

    model = make_pipeline(FunctionTransformer(logs), LogisticRegression(max_iter=2000))
    model.fit(TRAIN.drop(columns="approved"), TRAIN["approved"])
    people = PEOPLE[model.predict(PEOPLE) == "no"].head(40)
    recourse = built(model)
    whole = recourse.recommend(people)
    bad = people.index[[3, 17, 18, 39]]
    found = recourse.recommend(people.assign(income=people["income"].mask(people.index.isin(bad), -1.0)))
    assert found.unanswered["person"].tolist() == bad.tolist()
    assert found.unanswered["reason"].str.startswith("the classifier fails on this row: ValueError").all()
    assert found.rows.equals(whole.rows[~whole.rows.index.isin(bad)])
    reasons = found.unanswered.set_index("person")["reason"]
    for company in ([bad[0]], bad, bad.repeat(20)):  # nobody else is there for whom it works
        alone = recourse.recommend(people.loc[company].assign(income=-1.0))
        assert alone.unanswered["reason"].tolist() == reasons[company].tolist()


def test_a_classifier_that_has_stopped_working_is_an_error_and_no_reason(
    model: Any, denied: pd.DataFrame
) -> None:
    works = [True]

    def service(rows: pd.DataFrame) -> Any:
        if not works[0]:
            raise ConnectionError("nobody answers")
        return model.predict_proba(rows)[:, 1]

    recourse = built(service)
    assert not recourse.recommend(denied.head(3)).rows.empty
    works[0] = False
    with pytest.raises(
        InputError, match="the classifier fails on rows as the table has them: ConnectionError"
    ):
        recourse.recommend(denied.head(3))


def test_a_number_of_which_the_table_has_one_alone_stays_ones_own() -> None:
    """A table of one year, and people of the next."""
    table = TRAIN.assign(year=2025, rate=1.5)
    model = pipeline(table, numbers=["age", "income", "debt", "dependants", "year", "rate"])
    recourse = built(model, table)
    people = PEOPLE.assign(year=2026, rate=1.25)
    people = people[model.predict(people) == "no"].head(15)
    found = recourse.recommend(people, n=2)
    assert_told_as_it_is(recourse, found)
    assert found.unanswered.empty
    assert (found.rows["year"] == 2026).all()
    assert (found.rows["rate"] == 1.25).all()


def test_a_number_beyond_single_precision_is_told(recourse: Recourse, denied: pd.DataFrame) -> None:
    whole = pd.Series([10**400, 500, -(10**400)], index=denied.index[:3], dtype=object)
    for debts, beyond in (([1e300, 1e38, 500.0], 1), (whole, 2)):
        found = recourse.recommend(denied.head(3).assign(debt=debts))
        assert found.unanswered["reason"].tolist() == ["'debt' is beyond single precision (3.4e38)"] * beyond
        assert_told_as_it_is(recourse, found)


@pytest.mark.parametrize(
    ("people", "further", "message"),
    [
        (PEOPLE.iloc[0], {}, r"got Series: people.loc\[\[label\]\] is one person"),
        (
            PEOPLE.drop(columns="income"),
            {"constraints": [Range("income", 0, 0.1, relative=True)]},
            "lacks the columns",
        ),
        (
            PEOPLE.head(2),
            {"by_person": pd.DataFrame({"debt": [True, False]}, index=PEOPLE.index[[0, 0]])},
            "rows of one label",
        ),
        (pd.concat({"own": PEOPLE}, axis=1).swaplevel(axis=1), {}, "the columns have 2 levels, expected one"),
        (
            PEOPLE.head(2),
            {"by_person": pd.DataFrame({"debt": pd.array([True, None], "boolean")}, index=PEOPLE.index[:2])},
            "without gaps",
        ),
        (
            PEOPLE,
            {"constraints": [Range("income", 1e6)]},
            r"Range\('income', 1000000.0, None\).*in the table's units",
        ),
        (PEOPLE, {"constraints": [Range("debt", high=-1)]}, "answers are inside of .*, from 0 to 9750"),
    ],
)
def test_what_cannot_be_asked_is_one_error(
    recourse: Recourse, people: Any, further: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        recourse.recommend(people, **further)


def test_a_person_may_have_constraints_that_leave_nothing(recourse: Recourse, denied: pd.DataFrame) -> None:
    """Others get their answers: somebody's own range may lie beyond the table, and somebody may change nothing."""
    first, second = denied.index[:2]
    own = {first: [Range("income", 1e6)], second: [Freeze(only=[])]}
    found = recourse.recommend(denied.head(4), by_person=own)
    assert "income" not in set(found.changes.query("person == @first")["feature"])
    assert "Freeze(only=[])" in found.status[second]
    assert (found.status.iloc[2:] == "answered").all()


def test_constraints_of_building_asking_and_a_person_may_not_contradict(
    model: Any, denied: pd.DataFrame
) -> None:
    up, down, people = OneWay("income", "up"), OneWay("income", "down"), denied.head(2)
    recourse = built(model, constraints=[up])
    for further in ({"constraints": [down]}, {"by_person": {people.index[0]: [down]}}):
        with pytest.raises(InputError, match="leave nothing"):
            recourse.recommend(people, **further)
    with pytest.raises(InputError, match="leave nothing"):
        recourse.candidates(people.head(1), constraints=[down])
    recourse.recommend(people, constraints=[up], by_person={people.index[0]: [up, Freeze("income")]})


@pytest.mark.parametrize(
    "people",
    [
        PEOPLE.set_axis([*[1, "a"] * 75]),
        PEOPLE.assign(remark=[1, "a"] * 75),
        pd.concat([PEOPLE, PEOPLE[["age", "age"]].set_axis(["note", "note"], axis=1)], axis=1),
    ],
    ids=["index", "column", "names"],
)
def test_what_parquet_cannot_hold_is_one_error(
    recourse: Recourse, people: pd.DataFrame, tmp_path: Any
) -> None:
    found = recourse.recommend(people.head(4))
    found.to_csv(tmp_path / "options.csv")
    with pytest.raises(InputError, match=r"the table of options cannot be written as Parquet: .*astype"):
        found.to_parquet(tmp_path / "options.parquet")
    assert not (tmp_path / "options.parquet").exists()


def test_a_range_in_which_the_column_can_hold_no_number_is_never_left_for_one_beside_it(
    recourse: Recourse, denied: pd.DataFrame
) -> None:
    """The search for whom no draw is accepted keeps it, too."""
    none = [Range("debt", 100.2, 100.8), Range("dependants", 2.2, 2.8)]
    found = recourse.recommend(denied, n=2, constraints=[*none, Freeze("income")])
    assert set(found.changes["feature"]) <= {"home"}
    assert len(found.unanswered)
    freely = recourse.recommend(denied, n=2, constraints=none)
    assert_told_as_it_is(recourse, freely)
    assert "income" in set(freely.changes["feature"]) <= {"income", "home"}


@pytest.mark.parametrize("kind", ["boolean", "bool[pyarrow]", "bool"])
def test_a_flag_stays_one_where_the_table_has_0_and_1_and_the_other_way_round(kind: str) -> None:
    flags = TRAIN["home"] == "own"
    table = TRAIN.assign(home=flags.astype(int), dependants=TRAIN["dependants"] > 2)

    def asked(rows: pd.DataFrame) -> np.ndarray:
        return np.asarray(rows["home"].astype(int) * 0.4 + rows["dependants"].astype(int) * 0.4, dtype=float)

    door = built(asked, table, constraints=[Freeze(only=["home", "dependants"])])
    others = table.drop(columns="approved")[asked(table) < 0.5].head(9)
    whole = {"boolean": "Int64", "bool[pyarrow]": "int64[pyarrow]", "bool": "int64"}[kind]
    people = others.assign(home=others["home"].astype(kind), dependants=others["dependants"].astype(whole))
    found = door.recommend(people)
    assert len(found) == 9
    assert found.rows.dtypes.to_dict() == people.dtypes.to_dict()
    assert_told_as_it_is(door, found)


def test_a_part_of_people_without_a_row_has_no_say_in_the_dtypes() -> None:
    table = TRAIN.assign(home=TRAIN["home"].map({"parents": 0, "rent": 1, "own": 2}))

    def asked(rows: pd.DataFrame) -> np.ndarray:
        return rows["home"].to_numpy(dtype=float) / 2

    door = built(asked, table, categorical=["home"], constraints=[Freeze(only=["home"])])
    people = PEOPLE.head(9).assign(home=pd.array([False] * 9, "boolean"))
    rows = door.recommend(people).rows
    assert rows["home"].tolist() == [2] * 9
    assert rows["home"].dtype == "int64"
