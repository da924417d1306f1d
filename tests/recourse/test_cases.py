"""The cases of new users, and of users of other libraries (DiCE's issue numbers): one fault each, one test each.

The case csv_on_the_command_line is in test_recourse_command.py.
"""

from __future__ import annotations

import io
import pickle
import time
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from loans import NUMBERS, PEOPLE, TRAIN, built, loans, pipeline, refused
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from carla_genre import Recourse
from carla_genre.constraints import Allowed, AtMost, Freeze, OneWay, Range, Weight
from carla_genre.errors import InputError


def test_accepted_people(recourse: Recourse, model: Any) -> None:
    found = recourse.recommend(PEOPLE)
    accepted = PEOPLE.drop(refused(model, PEOPLE).index)
    assert (found.status[accepted.index] == "accepted already").all()
    pd.testing.assert_frame_equal(found.rows.loc[accepted.index], accepted)
    assert list(found.rows.index) == [label for label in PEOPLE.index if label in found.rows.index]


def test_allowed_levels(recourse: Recourse, denied: pd.DataFrame) -> None:
    found = recourse.recommend(denied, n=3, constraints=[Allowed("home", ["own", "parents"])])
    moved = found.changes[found.changes["feature"] == "home"]
    assert set(moved["after"]) <= {"own", "parents"}
    upwards = OneWay("home", "up", order=["parents", "rent", "own"])
    dear = [Weight("income", 50), Weight("debt", 50)]
    rise = recourse.recommend(denied, n=3, constraints=[upwards, *dear])
    rank = {"parents": 0, "rent": 1, "own": 2}
    moved = rise.changes[rise.changes["feature"] == "home"]
    assert len(moved)
    assert (moved["after"].map(rank) > moved["before"].map(rank)).all()


@pytest.mark.slow
def test_blanks_in_categories() -> None:
    rent = (TRAIN["home"] == "rent") & (np.arange(len(TRAIN)) % 4 > 0)
    table = TRAIN.assign(home=" " + TRAIN["home"], approved=TRAIN["approved"].mask(rent, "no"))
    spelled = pipeline(table)
    people = refused(spelled, PEOPLE.assign(home=" " + PEOPLE["home"]))
    found = built(spelled, table).recommend(people, constraints=[Allowed("home", ["own"])])
    assert set(found.rows["home"]) <= {" own", " rent", " parents"}
    assert " own" in set(found.changes["after"])
    np.testing.assert_array_equal(spelled.predict_proba(found.rows)[:, 1], found.figures["h"])


@pytest.mark.parametrize(("days", "form"), [(60, "%d/%m/%Y"), (700, "%Y-%m-%d")])
def test_dates_as_text(days: int, form: str) -> None:
    applied = pd.Timestamp("2023-01-01") + pd.to_timedelta(np.arange(len(TRAIN)) % days, "D")
    with pytest.raises(InputError, match=r"'applied'.*date"):
        built(lambda rows: np.linspace(0, 1, len(rows)), TRAIN.assign(applied=applied.strftime(form)))


def test_default_is_the_goal() -> None:
    table = TRAIN.drop(columns="approved").assign(default=(TRAIN["approved"] == "no").astype(int))
    model = pipeline(table, "default")
    away = built(model, table, "default", 0)
    assert any("default = 0" in note for note in away.notes_)
    guessed = built(model, table, "default", None)
    assert any("recourse aims at default = 1" in note and "desired=0" in note for note in guessed.notes_)


def test_fixed_per_person(recourse: Recourse, denied: pd.DataFrame) -> None:
    people = denied.head(6)
    said = {
        people.index[0]: [Freeze("income")],
        people.index[1]: [AtMost(1)],
        people.index[2]: [Freeze("debt", "home")],
    }
    found = recourse.recommend(people, by_person=said)
    free = recourse.recommend(people)

    def changed(person: Any) -> set[str]:
        return set(found.changes[found.changes["person"] == person]["feature"])

    assert "income" not in changed(people.index[0])
    assert len(changed(people.index[1])) <= 1
    assert not {"debt", "home"} & changed(people.index[2])
    pd.testing.assert_frame_equal(found.rows.loc[people.index[3:]], free.rows.loc[people.index[3:]])
    frame = pd.DataFrame({"income": [True, False], "debt": [False, True]}, index=people.index[:2])
    found = recourse.recommend(people, by_person=frame)
    assert "income" not in changed(people.index[0])
    assert "debt" not in changed(people.index[1])


@pytest.mark.slow
def test_immutable_in_own_units(model: Any, denied: pd.DataFrame) -> None:
    frozen = built(model, constraints=[Freeze("age", "home"), OneWay("dependants", "up")])
    found = frozen.recommend(denied, n=2)
    own = denied.loc[found.rows.index]
    pd.testing.assert_frame_equal(found.rows[["age", "home"]], own[["age", "home"]])
    assert (found.rows["dependants"] >= own["dependants"]).all()


@pytest.mark.slow
def test_integer_codes_one_hot() -> None:
    random = np.random.default_rng(3)
    table = loans().assign(region=random.integers(1, 30, 600))
    bad = table["region"].isin([3, 7, 11, 13, 17, 19, 23, 29]) & (random.random(600) < 0.95)
    table.loc[bad, "approved"] = "no"
    coded = pipeline(table)  # all but NUMBERS are one-hot encoded, and an unknown level is an error
    people = refused(coded, table.drop(columns="approved"))
    found = built(coded, table, categorical=["region"], constraints=[Freeze("age")]).recommend(people)
    assert set(found.rows["region"]) <= set(table["region"])
    assert (found.changes["feature"] == "region").any()
    assert (coded.predict_proba(found.rows)[:, 1] > 0.5).all()


@pytest.mark.slow
def test_latency() -> None:
    table = loans(2400)
    forest = pipeline(table, model=RandomForestClassifier(200, min_samples_leaf=3, random_state=0))
    people = refused(forest, loans(900, seed=1).drop(columns="approved")).head(300)
    door = Recourse(forest, table, "approved", "yes", constraints=[Freeze("age")], verbose=False)
    door.recommend(people.head(1))

    def took(asked: pd.DataFrame) -> float:
        start = time.perf_counter()
        door.recommend(asked)
        return time.perf_counter() - start

    assert min(took(people.iloc[[place]]) for place in range(5)) < 1
    assert took(people) < 30


def test_multiindex(recourse: Recourse, denied: pd.DataFrame) -> None:
    alone = recourse.recommend(denied.head(1), n=2)
    index = pd.MultiIndex.from_tuples([("b", i) for i in range(len(denied))], names=["branch", "case"])
    moved = denied[denied.columns[::-1]].set_axis(index).assign(remark=1.5)
    found = recourse.recommend(moved, n=2)
    assert found.rows.index.names == ["branch", "case"]
    assert list(found.rows.columns) == list(moved.columns)
    first = found.rows.loc[[("b", 0)]]
    assert first[denied.columns].to_numpy().tolist() == alone.rows.to_numpy().tolist()
    nobody = recourse.recommend(denied.head(0))
    assert len(nobody) == 0
    assert nobody.changes.empty
    assert nobody.unanswered.empty


@pytest.mark.slow
def test_nothing_immutable(recourse: Recourse) -> None:
    sex = np.random.default_rng(0).choice(["female", "male"], len(TRAIN))
    free = built(pipeline(TRAIN), TRAIN.assign(sex=sex))  # sex is no feature of the classifier
    assert any("may change ['age']" in note and "Freeze('age')" in note for note in free.notes_)
    assert not any("may change" in note for note in recourse.notes_)


@pytest.mark.parametrize(
    ("column", "cell"), [("income", np.nan), ("home", "boat"), ("income", np.inf), ("home", None)]
)
def test_one_bad_row(recourse: Recourse, denied: pd.DataFrame, column: str, cell: Any) -> None:
    people = denied.head(5).astype({column: object} if column == "home" else {})
    people.loc[people.index[2], column] = cell
    found = recourse.recommend(people)
    assert column in found.unanswered.set_index("person").loc[people.index[2], "reason"]
    others = people.drop(people.index[2]).index
    pd.testing.assert_frame_equal(found.rows, recourse.recommend(denied.loc[others]).rows, check_dtype=False)


def test_one_outlier(model: Any, denied: pd.DataFrame) -> None:
    typo = TRAIN.astype({"debt": float})
    typo.loc[typo.index[3], "debt"] = 1e8
    with_typo = built(pipeline(TRAIN), typo)
    assert any("debt" in note and "left out" in note for note in with_typo.notes_)
    plain = built(pipeline(TRAIN), TRAIN.drop(TRAIN.index[3]))
    there, here = with_typo.recommend(denied).figures["cost"], plain.recommend(denied).figures["cost"]
    assert there.mean() == pytest.approx(here.mean(), rel=0.25)


@pytest.mark.slow
@pytest.mark.data
def test_r_dice_186_few_changes(data_root: Path) -> None:
    table = pd.read_csv(data_root / "german_credit.csv")
    texts = [name for name in table if pd.api.types.is_string_dtype(table[name])]
    table = table.assign(credit=table["credit"].map({1: "good", 2: "bad"}))
    train, people = table.iloc[:750], table.iloc[750:].drop(columns="credit")
    kept = ["age", "status_sex", "foreign_worker", "number_of_people_liable_for"]
    credit = pipeline(train, "credit", numbers=[name for name in people if name not in texts])
    door = built(credit, train, "credit", "good", constraints=[Freeze(*kept)])
    found = door.recommend(refused(credit, people, "good"), constraints=[AtMost(2)])
    assert found.figures["changes"].max() <= 2
    assert (found.status == "answered").mean() > 0.8
    assert (credit.predict_proba(found.rows)[:, list(credit.classes_).index("good")] > 0.5).all()


def test_r_dice_224_missing() -> None:
    table = loans(seed=1).astype({"home": object})
    table.loc[table.index[::7], "income"] = np.nan
    model = pipeline(table.iloc[:450])
    people = refused(model, table.iloc[450:].drop(columns="approved"))
    found = built(model, table.iloc[:450]).recommend(people, n=2)
    own = people.loc[found.rows.index]
    assert own["income"].isna().any()
    assert not (found.rows["income"].isna() & own["income"].notna()).any()
    assert (model.predict_proba(found.rows)[:, 1] > 0.5).all()
    assert (found.status == "answered").mean() > 0.9


@pytest.mark.parametrize("threshold", [0.1, 0.8])
def test_r_dice_353_threshold(threshold: float) -> None:
    table = loans(900)
    if threshold < 0.5:
        table["approved"] = np.where(table["income"] - table["debt"] / 4 > 4300, "yes", "no")
    model = pipeline(table, model=RandomForestClassifier(50, min_samples_leaf=10, random_state=0))
    people = refused(model, table.drop(columns="approved"), threshold=threshold).head(60)
    found = built(model, table, threshold=threshold).recommend(people)
    assert (model.predict_proba(found.rows)[:, 1] > threshold).all()
    assert (found.status == "answered").mean() > 0.8


def test_r_dice_47_pickle(recourse: Recourse, denied: pd.DataFrame) -> None:
    expected = recourse.recommend(denied.head(5)).table
    buffer = io.BytesIO()
    joblib.dump(recourse, buffer)
    buffer.seek(0)
    for copy in (pickle.loads(pickle.dumps(recourse)), joblib.load(buffer)):
        pd.testing.assert_frame_equal(copy.recommend(denied.head(5)).table, expected)
    assert "Freeze('age')" in repr(recourse)
    assert recourse.get_params()["target"] == "approved"


def test_ranges_and_directions(recourse: Recourse, denied: pd.DataFrame) -> None:
    held = [OneWay("dependants", "up"), OneWay("debt", "down"), Range("income", 1000, 3333)]
    found = recourse.recommend(denied, n=2, constraints=held)
    own = denied.loc[found.rows.index]
    moved = found.rows["income"] != own["income"]
    assert not own["income"].between(1000, 3333).all()  # what lies outside may stay
    assert found.rows["income"][moved].between(1000, 3333).all()
    assert (found.rows["dependants"] >= own["dependants"]).all()
    assert (found.rows["debt"] <= own["debt"]).all()


def test_raw_rows() -> None:
    table = TRAIN[["income", "debt", "approved"]]
    plain = pipeline(table, model=LogisticRegression())
    people = refused(plain, PEOPLE[["income", "debt"]])
    found = built(plain, table).recommend(people)
    assert (found.status == "answered").all()
    assert (plain.predict_proba(found.rows)[:, 1] > 0.5).all()
    assert (found.rows["income"] > 100).all()


def test_reversed_classes(model: Any) -> None:
    with pytest.raises(InputError, match="contradicts the table"):
        built(lambda rows: 1 - model.predict_proba(rows)[:, 1])
    towards_no = built(model, desired="no")
    people = PEOPLE.drop(refused(model, PEOPLE).index).head(10)
    found = towards_no.recommend(people)
    assert (model.predict_proba(found.rows)[:, 1] < 0.5).all()


def test_several_answers(recourse: Recourse, denied: pd.DataFrame) -> None:
    found = recourse.recommend(denied, n=3)
    assert (found.figures["option"].groupby(level=0).max() == 3).mean() > 0.8
    assert not found.rows.reset_index().duplicated().any()
    apart = recourse.recommend(denied, n=3, diverse=True)

    def unlike(rows: pd.DataFrame) -> float:
        return float(rows.groupby(level=0).nunique().mean(axis=1).mean())

    assert unlike(apart.rows) > unlike(found.rows)


def test_whole_numbers(recourse: Recourse, denied: pd.DataFrame) -> None:
    whole = [name for name in NUMBERS if name != "income"]
    found = recourse.recommend(denied, n=3)
    assert (found.rows[whole].dtypes == "int64").all()
    cells = found.changes[found.changes["feature"].isin(whole)]
    assert cells["after"].map(lambda cell: isinstance(cell, int)).all()
