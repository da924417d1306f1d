"""Gaps, categories and labels of a table, as they are and as they come back from a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from loans import PEOPLE, QUICK, TRAIN, built, pipeline
from sklearn.base import clone
from sklearn.preprocessing import LabelEncoder

from carla_genre import Recourse
from carla_genre.constraints import Allowed, Freeze, Implies, OneWay, Range, Weight
from carla_genre.constraints.plain import from_plain, to_plain
from carla_genre.errors import InputError
from carla_genre.io import in_json
from carla_genre.recourse.codec import TableCodec
from carla_genre.recourse.columns import LevelColumn
from carla_genre.recourse.decision import Decision
from carla_genre.recourse.saved_table import spelled_as

HOMES = pd.CategoricalDtype(["own", "rent", "parents"])


def careful(model: Any) -> Any:
    """A classifier that takes homes as categories alone, a gap among them."""

    def said(rows: pd.DataFrame) -> Any:
        if not isinstance(rows["home"].dtype, pd.CategoricalDtype):
            raise TypeError("home is no category")
        homes = rows["home"].astype(object)
        return model.predict_proba(rows.assign(home=homes.where(homes.notna(), "parents")))[:, 1]

    return said


def test_one_mistyped_number_leaves_out_no_row_with_a_gap() -> None:
    incomes = TRAIN["income"].mask(np.arange(len(TRAIN)) % 7 == 0)
    table = TRAIN.assign(income=incomes.where(np.arange(len(TRAIN)) != 3, -1e9))
    recourse = built(pipeline(table), table)
    assert [note for note in recourse.notes_ if "far from" in note] == [
        "column 'income': 1 rows are left out, they lie far from all others (-1e+09)"
    ]
    found = recourse.recommend(PEOPLE.head(20).assign(income=np.nan))
    assert not found.status.str.contains("is missing").any()


def test_classes_that_a_label_encoder_has_numbered_are_no_labels() -> None:
    """Grades 3 to 8 are classes 0 to 5, and grade 4 is no class 4."""
    grades = pd.cut(TRAIN["income"], [0, 2000, 2500, 3000, 3500, 4000, np.inf], labels=False) + 3
    features, encoder = TRAIN.drop(columns="approved"), LabelEncoder().fit(grades)
    model = pipeline(features.assign(grade=encoder.transform(grades)), "grade")
    decision = Decision(model, {4, 5}, 0.5, sorted(grades.unique().tolist()))
    assert (decision(features) == model.predict_proba(features)[:, [1, 2]].sum(axis=1)).all()


def test_a_regressor_that_says_nothing_of_a_person_accepts_nobody() -> None:
    def risk(rows: pd.DataFrame) -> Any:
        return np.where(rows["age"] < 30, np.nan, (rows["debt"] - rows["income"]) / 1000)

    table = TRAIN.drop(columns="approved")
    table = table[table["age"] >= 30].assign(risk=risk)
    recourse = Recourse(risk, table, "risk", (-np.inf, 0), verbose=False, hyperparams=QUICK)
    people = PEOPLE[PEOPLE["age"] < 30].head(5)
    found = recourse.recommend(people)
    assert not found.status.eq("accepted already").any()
    assert found.h.isna().all()
    assert (risk(found.rows) <= 0).all()


def test_a_classifier_of_categories_is_asked_about_categories_beside_a_gap(model: Any) -> None:
    said = careful(model)
    gaps = TRAIN["home"].mask(np.arange(len(TRAIN)) % 9 == 0).astype(HOMES)
    recourse = built(said, TRAIN.assign(home=gaps))
    tenants = PEOPLE[PEOPLE["home"] == "rent"].astype({"home": HOMES})
    people = pd.concat([tenants.head(25), tenants.head(5).assign(home=None).set_axis(range(5))])
    people["home"] = people["home"].astype(object).astype("category")
    assert people["home"].cat.categories.tolist() == ["rent"]
    found = recourse.recommend(people, constraints=[Freeze(only=["home"])])
    assert "own" in set(found.changes["after"])
    assert (said(found.rows) > 0.5).all()


def test_a_person_alone_with_gaps_is_answered_as_in_company() -> None:
    """A column of one gap has another dtype than a column of the table, and says as much."""
    which = np.arange(len(TRAIN))
    gaps = TRAIN["home"].mask(which % 5 == 0)
    table = TRAIN.assign(
        home=gaps, income=TRAIN["income"].mask(which % 7 == 0), age=TRAIN["age"].astype(float)
    )
    recourse = built(pipeline(table), table)
    people = PEOPLE.head(12).assign(age=PEOPLE["age"].astype(float))
    people = people.assign(
        home=people["home"].mask(np.arange(12) % 2 == 0), income=people["income"].mask(np.arange(12) % 3 == 0)
    )
    together = recourse.recommend(people, n=2)
    for label, person in people.iterrows():
        for own in (people.loc[[label]], pd.DataFrame([person.to_dict()], [label])):
            alone = recourse.recommend(own, n=2)
            assert alone.status.tolist() == together.status[[label]].tolist()
            pd.testing.assert_frame_equal(alone.rows, together.rows[together.rows.index == label])
    answered = together.rows.index[together.rows["home"].isna() & (together.place > 0)][0]
    assert (recourse.candidates(people.loc[[answered]])["state"] == "chosen").any()


def test_who_is_accepted_already_leaves_the_others_their_categories(model: Any) -> None:
    said = careful(model)
    recourse = built(said, TRAIN.astype({"home": HOMES}))
    tenants = PEOPLE[PEOPLE["home"] == "rent"].astype({"home": "category"})
    found = recourse.recommend(tenants, constraints=[Freeze(only=["home"])])
    assert found.status.eq("accepted already").any()
    assert "own" in set(found.changes["after"])
    assert (said(found.rows) > 0.5).all()


def test_names_in_an_index_and_what_is_read_once_are_kept(model: Any, tmp_path: Path) -> None:
    recourse = built(
        model,
        categorical=TRAIN.columns[[4]],
        continuous=iter(["age", "income", "debt"]),
        constraints=iter([Freeze("age")]),
        desired=pd.Index(["yes"]),
    )
    assert not [note for note in recourse.notes_ if "debt" in note or "dependants" in note]
    recourse.save(tmp_path)
    loaded = Recourse.load(tmp_path, model, TRAIN)
    assert loaded.recommend(PEOPLE.head(9)).rows.equals(recourse.recommend(PEOPLE.head(9)).rows)
    assert clone(recourse).constraints_ == (Freeze("age"),)


@pytest.mark.parametrize(
    ("no", "yes"),
    [
        (pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-02 10:30")),
        (pd.Interval(0, 1), pd.Interval(1, 2)),
        (pd.Timedelta("1h"), pd.Timedelta("2h")),
    ],
    ids=str,
)
@pytest.mark.parametrize("many", [False, True], ids=["label", "set"])
def test_labels_that_json_lacks_are_read_again(
    model: Any, no: Any, yes: Any, many: bool, tmp_path: Path
) -> None:
    table = TRAIN.assign(approved=[yes if one == "yes" else no for one in TRAIN["approved"]])

    def said(rows: pd.DataFrame) -> Any:
        return model.predict_proba(rows)[:, 1]

    recourse = built(said, table, desired={yes} if many else yes)
    recourse.save(tmp_path)
    loaded = Recourse.load(tmp_path, said, table)
    assert loaded.recommend(PEOPLE.head(9)).rows.equals(recourse.recommend(PEOPLE.head(9)).rows)


def test_categories_of_times_are_read_again_with_the_rows(model: Any, tmp_path: Path) -> None:
    days = pd.to_datetime(np.where(TRAIN["approved"] == "yes", "2020-01-02", "2020-01-01"))
    table = TRAIN.assign(approved=pd.Categorical(days, ordered=True))

    def said(rows: pd.DataFrame) -> Any:
        return model.predict_proba(rows)[:, 1]

    recourse = built(said, table, desired=pd.Timestamp("2020-01-02"))
    recourse.save(tmp_path, with_training_rows=True)
    loaded = Recourse.load(tmp_path, said)
    pd.testing.assert_frame_equal(loaded.table, table)


@pytest.mark.parametrize(
    ("given", "labels", "meant"),
    [
        ("1", [1, 2], 1),
        ("1", ["1", 1], "1"),
        (["no", "maybe"], ["no", "maybe"], ["no", "maybe"]),
        (True, ["no", "Yes"], "Yes"),
        (False, ["no", "off"], False),
        (True, [0, 1], True),
        ("nobody", ["a", "b"], "nobody"),
        (None, ["a"], None),
    ],
)
def test_labels_of_a_file_are_those_of_the_column(given: Any, labels: list[Any], meant: Any) -> None:
    assert spelled_as(given, pd.Series(labels, dtype=object)) == meant


def test_the_cost_of_an_option_has_the_weights_wherever_it_is_told(
    recourse: Recourse, denied: pd.DataFrame
) -> None:
    dear = [Weight("income", 3), Weight("debt", 3)]
    found = recourse.recommend(denied.head(1), constraints=dear)
    tried = recourse.candidates(denied.head(1), constraints=dear)
    assert found.figures["cost"].tolist() == tried["cost"][tried["state"] == "chosen"].tolist()
    assert set(found.changes["feature"]) <= {"income", "debt"}
    alike = recourse.recommend(denied.head(1), constraints=[Weight("income", 1)])
    assert found.figures["cost"].iloc[0] > alike.figures["cost"].iloc[0]


@pytest.mark.parametrize("kind", ["string", "object", "category"])
def test_levels_beside_a_gap_are_told_apart(model: Any, kind: Any, tmp_path: Path) -> None:
    homes = TRAIN["home"].mask(np.arange(len(TRAIN)) % 9 == 0)

    def said(rows: pd.DataFrame) -> Any:
        filled = rows["home"].astype(object).where(rows["home"].notna(), "parents")
        return model.predict_proba(rows.assign(home=filled))[:, 1]

    recourse = built(said, TRAIN.assign(home=homes.astype(kind)))
    for wrong in (Allowed("home", ["boat"]), Implies("home", to="boat", then="age", grow=True)):
        with pytest.raises(InputError, match="'home' has no level 'boat'"):
            recourse.recommend(PEOPLE, constraints=[wrong])
    people = PEOPLE.assign(home=pd.Series(None, PEOPLE.index, dtype=kind))
    held = [
        [Freeze(only=["home", "debt"]), Allowed("home", forbidden=[(gap, "own")])]
        for gap in (None, np.nan, pd.NA)
    ]
    found = [recourse.recommend(people, constraints=constraints) for constraints in held]
    assert "own" not in set(found[0].rows["home"].dropna())
    assert found[0].rows.equals(found[1].rows)
    assert found[0].rows.equals(found[2].rows)
    again = from_plain(json.loads(json.dumps([in_json(to_plain(one)) for one in held[1]])))
    assert recourse.recommend(people, constraints=again).rows.equals(found[0].rows)


def test_an_ordered_column_may_have_gaps_and_a_stated_order() -> None:
    homes = TRAIN["home"].mask(np.arange(len(TRAIN)) % 9 == 0)
    column = LevelColumn.fit(homes.astype(pd.CategoricalDtype(["parents", "rent", "own"], ordered=True)))
    variables = TableCodec({"home": column}).variables()
    ranks = variables.ranks("home", [np.nan, "parents", "own"], OneWay("home", "up"))
    assert dict(zip(column.levels, ranks, strict=True))["own"] == 2
    with pytest.raises(InputError, match="contradicts the order"):
        variables.ranks("home", ["own", "parents"], OneWay("home", "up"))


@pytest.mark.parametrize(
    "make",
    [
        lambda huge: Range("income", huge),
        lambda huge: Range("income", 0, huge),
        lambda huge: Weight("income", huge),
        lambda huge: Implies("home", then="debt", grow=huge),
    ],
)
def test_a_number_beyond_a_double_is_named(make: Any) -> None:
    with pytest.raises(InputError, match="number"):
        make(10**400)
    make(10**9)
