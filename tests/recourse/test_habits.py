"""The door as an object: parameters, clones, pickles; people in other dtypes; thousands of people written quickly."""

from __future__ import annotations

import json
import pickle
import threading
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from loans import PEOPLE, TRAIN, built, pipeline, refused
from sklearn.base import clone

from carla_genre import Recourse, load_dataset
from carla_genre.constraints import Freeze, Where
from carla_genre.errors import InputError
from carla_genre.recourse import Recommendations


@pytest.fixture(scope="module")
def denied(model: Any) -> pd.DataFrame:
    return refused(model, PEOPLE).head(20)


@pytest.mark.slow
def test_a_clone_answers_the_same_and_other_parameters_build_it_again(
    recourse: Recourse, denied: pd.DataFrame
) -> None:
    copy = clone(recourse)
    pd.testing.assert_frame_equal(copy.recommend(denied).table, recourse.recommend(denied).table)
    stricter = copy.set_params(threshold=0.7)
    assert stricter is copy
    assert stricter.get_params() == {**recourse.get_params(), "threshold": 0.7}
    assert (stricter.recommend(denied).figures["h"] > 0.7).all()


def test_an_unknown_parameter_is_named(recourse: Recourse) -> None:
    with pytest.raises(InputError, match=r"set_params.*'treshold'.*threshold"):
        recourse.set_params(treshold=0.7)


def test_lambdas_are_pickled_too(model: Any, denied: pd.DataFrame) -> None:
    frozen = ["age", "home"]
    door = built(
        lambda rows: model.predict_proba(rows[list(model.feature_names_in_)])[:, 1],
        constraints=[Freeze(*frozen), Where(lambda rows: rows["debt"] % 500 == 0, "steps of 500")],
    )
    copy = pickle.loads(pickle.dumps(door))
    pd.testing.assert_frame_equal(copy.recommend(denied).table, door.recommend(denied).table)


def test_what_no_pickle_can_hold_is_named_with_the_way_out() -> None:
    lock = threading.Lock()
    with pytest.raises(InputError, match=r"Where\(mine\) cannot be pickled.*top of a module"):
        pickle.dumps(Where(lambda rows: lock.locked(), "mine"))


@pytest.mark.slow
def test_people_whose_dtypes_are_others_are_told_so(denied: pd.DataFrame) -> None:
    xgboost = pytest.importorskip("xgboost")
    table = TRAIN.astype({"home": "category"})
    labels = (table["approved"] == "yes").astype(int)
    booster = xgboost.XGBClassifier(n_estimators=10, enable_categorical=True)
    door = built(booster.fit(table.drop(columns="approved"), labels), table)
    same = door.recommend(denied.astype({"home": table["home"].dtype}))
    assert (same.figures["h"] > 0.5).all()
    with pytest.raises(InputError, match=r"'home' is str|object, the table's category of \['own'.*astype"):
        door.recommend(denied)


def test_categories_that_the_classifier_reads_otherwise_are_told(denied: pd.DataFrame) -> None:
    def h(rows: pd.DataFrame) -> np.ndarray:  # reads the codes, as some boosters do
        return 0.2 + 0.3 * rows["home"].cat.codes.to_numpy()

    table = TRAIN.astype({"home": "category"}).assign(approved=np.where(TRAIN["home"] == "rent", "yes", "no"))
    door = built(h, table)
    people = denied.assign(home=pd.Categorical(denied["home"], ["rent", "own", "parents"]))
    with pytest.raises(InputError, match=r"says otherwise.*category of .'rent', 'own', 'parents'"):
        door.recommend(people)
    assert len(door.recommend(denied.astype({"home": table["home"].dtype})))


def test_cells_of_another_type_are_said_to_be_so(recourse: Recourse, denied: pd.DataFrame) -> None:
    table = TRAIN.assign(code=np.where(TRAIN["age"] > 40, "1", "2"))
    door = built(lambda rows: (rows["code"] == "1") * 0.8, table)
    reasons = door.recommend(denied.assign(code=2)).unanswered["reason"]
    assert (reasons == "'code' has no level 2, the table's is '2'").all()


@pytest.mark.slow
def test_only_the_door_of_carla_warns_that_a_far_number_squeezes_the_range() -> None:
    table = TRAIN.astype({"debt": float})
    table.loc[table.index[3], "debt"] = 1e8
    notes = built(pipeline(TRAIN), table).notes_
    assert [note for note in notes if "'debt'" in note and "left out" in note]
    assert not [note for note in notes if "squeezes" in note]
    catalog = load_dataset(table, target="approved", positive="yes", quiet=True)
    assert [note for note in catalog.notes if "'debt'" in note and "squeezes" in note]


@pytest.mark.slow
def test_three_options_for_thousands_of_people_are_written_in_seconds() -> None:
    n, random = 5000, np.random.default_rng(0)
    people = pd.DataFrame({f"n{i}": random.normal(0, 10, n).round(2) for i in range(8)}).assign(level="a")
    person = np.repeat(np.arange(n), 3)
    rows = people.iloc[person].assign(level="b")
    rows["n0"] += 1
    figures = pd.DataFrame(
        {"h": 0.7, "cost": 0.3, "valid": 0.8, "inlier": 0.9, "changes": 2}, range(len(rows))
    )
    parts = [SimpleNamespace(person=person, rows=rows, figures=figures)]
    status, none = np.full(n, "answered", dtype=object), pd.DataFrame(0, people.index, ["drawn"])
    found = Recommendations.of(people, people, np.full(n, 0.2), status, parts, none, list(people))
    start = time.process_time()
    written = found.to_json()
    page, table = found.to_html(), found.to_csv()
    shown = found._repr_html_()
    assert time.process_time() - start < 15  # 4 s; some 60 s where each cell asks pandas
    assert written is not None
    assert len(json.loads(written)["people"][n - 1]["options"]) == 3
    assert page and table
    assert len(shown) < 50_000


def test_a_job_of_another_predicate_is_another_job(
    recourse: Recourse, denied: pd.DataFrame, tmp_path: Any
) -> None:
    """Both are called Where(<lambda>)."""
    denied.to_csv(tmp_path / "people.csv")

    def asked(most: int) -> Any:
        held = [Where(lambda rows: rows["debt"] < most)]
        return recourse.recommend_files(tmp_path / "people.csv", tmp_path / "options", constraints=held)

    assert asked(5000) == asked(5000)
    with pytest.raises(InputError, match="another job"):
        asked(2000)
