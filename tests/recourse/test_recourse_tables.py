"""Tables as people have them: nullable dtypes, codes, categories, single precision; and files that say the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from loans import QUICK
from sklearn.linear_model import LogisticRegression

from carla_genre import Recourse
from carla_genre.constraints import Allowed, Freeze, Implies, Range, Weight, Where
from carla_genre.constraints.plain import from_plain, to_plain
from carla_genre.errors import InputError

RANDOM = np.random.default_rng(0)
N = 300
TABLE = pd.DataFrame(
    {
        "a": RANDOM.normal(0, 1, N).round(2),
        "b": pd.array(RANDOM.integers(0, 9, N), dtype="Int64"),
        "code": RANDOM.choice(["1", "2", "7"], N),
        "region": pd.Categorical(RANDOM.choice([1, 2, 5, 9], N)),
        "single": (RANDOM.integers(0, 900, N) / 10).astype("float32"),
    }
)
TABLE.loc[::9, "b"] = pd.NA


def h(rows: pd.DataFrame) -> np.ndarray:
    """Rises with every column; a gap counts as 4, and code 7 and region 5 for much."""
    score = rows["a"] * 2 + rows["b"].astype(float).fillna(4) - 4 + (rows["code"] == "7") * 2
    score = score + (rows["region"].astype(int) == 5) * 2 + rows["single"].astype(float) / 30 - 3
    return np.asarray(1 / (1 + np.exp(-score.to_numpy(dtype=float))))


TABLE["y"] = (h(TABLE) + RANDOM.normal(0, 0.05, N) > 0.5).astype(int)


@pytest.fixture(scope="module")
def recourse() -> Recourse:
    return Recourse(h, TABLE, "y", 1, verbose=False, hyperparams=QUICK)


def test_cells_keep_their_dtype_and_a_gap_that_stays_is_no_change(recourse: Recourse) -> None:
    people = TABLE.drop(columns="y").assign(customer=2**53 + 1 + np.arange(N))
    found = recourse.recommend(people, n=2)
    assert found.rows.dtypes.equals(people.dtypes)
    assert (h(found.rows) > 0.5).all()
    assert found.changes["after"].notna().all()
    assert (found.changes["before"].astype(str) != found.changes["after"].astype(str)).all()
    assert len(found.changes) == found.figures["changes"].sum()
    for person in json.loads(found.to_json())["people"][:20]:
        for option in person["options"]:
            assert option["row"]["customer"] == 2**53 + 1 + person["person"]
            assert isinstance(option["option"], int)
            assert option["row"]["b"] is None or isinstance(option["row"]["b"], int)
    assert "0000" not in found.to_html().split("</style>")[1]


def test_texts_and_categories_of_numbers_have_levels(recourse: Recourse) -> None:
    people = TABLE.drop(columns="y").head(60)
    found = recourse.recommend(people, constraints=[Allowed("region", [5]), Allowed("code", ["7"])])
    own = people.loc[found.rows.index]
    assert found.rows["region"][(found.rows["region"] != own["region"])].isin([5]).all()
    assert found.rows["code"].isin(["1", "2", "7"]).all()


def test_names_of_figures_make_room_for_the_tables_own(recourse: Recourse, tmp_path: Path) -> None:
    people = TABLE.drop(columns="y").head(20).assign(option="x", option_="y", h=1)
    found = recourse.recommend(people)
    assert found.table.columns.is_unique
    found.to_parquet(tmp_path / "options.parquet")
    assert (pd.read_parquet(tmp_path / "options.parquet")["option"] == "x").all()


def test_what_is_saved_is_what_was_given(tmp_path: Path) -> None:
    constraints = [
        Range("a", low=0, high=np.float64(1.5)),
        Range("b", 0, 0.2, relative=True),
        Implies("code", then="b", be=0),
        Implies("smokes", to=False, then="member", be=False),
        Weight("a", np.float32(2)),
        Freeze("region"),
    ]
    plain = json.loads(json.dumps([to_plain(one) for one in constraints], default=float))
    assert from_plain(plain) == constraints
    regressor = Recourse(
        lambda rows: h(rows) * 1000,
        TABLE.assign(y=h(TABLE) * 1000),
        "y",
        (np.int64(500), float("inf")),
        constraints=[Range("a", low=0)],
        verbose=False,
        hyperparams=QUICK,
    )
    people = TABLE.drop(columns="y").head(20)
    regressor.save(tmp_path / "saved", with_training_rows=True)
    loaded = Recourse.load(tmp_path / "saved", regressor.classifier)
    assert loaded.constraints_ == regressor.constraints_
    pd.testing.assert_frame_equal(loaded.recommend(people).table, regressor.recommend(people).table)


@pytest.mark.parametrize("holds", [lambda rows: rows["nope"] < 1, lambda rows: 1 / 0])
def test_a_predicate_that_fails_is_named(recourse: Recourse, holds: Any) -> None:
    with pytest.raises(InputError, match=r"Where\(mine\) fails"):
        recourse.recommend(TABLE.drop(columns="y").head(5), constraints=[Where(holds, "mine")])
    with pytest.raises(InputError, match="a function of a frame"):
        Where("x")  # type: ignore[arg-type]


def test_cells_of_changes_stay_what_they_are(recourse: Recourse) -> None:
    found = recourse.recommend(TABLE.drop(columns="y").head(60), constraints=[Freeze(only=["a", "b"])])
    assert found.changes.groupby("feature")["after"].agg(lambda cells: set(map(type, cells))).to_dict() == {
        "a": {float},
        "b": {int},
    }


def test_a_rare_outcome_that_the_classifier_is_never_sure_of_is_learned() -> None:
    random = np.random.default_rng(0)
    table = pd.DataFrame({"visits": random.poisson(4, 1500), "age": random.integers(18, 80, 1500)})
    table["buys"] = random.random(1500) < 1 / (1 + np.exp(5.3 - 0.4 * table["visits"]))
    model = LogisticRegression(max_iter=1000).fit(table[["visits", "age"]], table["buys"])
    below = table[model.predict_proba(table[["visits", "age"]])[:, 1] <= 0.1].drop(columns="buys").head(20)
    recourse = Recourse(model, table, "buys", True, threshold=0.1, verbose=False, hyperparams=QUICK)
    assert any("sure of" in note for note in recourse.notes_)
    found = recourse.recommend(below)
    assert (found.status == "answered").mean() > 0.8
    assert (found.figures["h"] > 0.1).all()


def test_options_do_not_depend_on_how_sure_the_classifier_says_that_it_is(recourse: Recourse) -> None:
    def shy(rows: pd.DataFrame) -> np.ndarray:
        return np.asarray(1 / (1 + (1 / h(rows) - 1) ** 0.05))

    assert shy(TABLE).max() < 0.7
    other = Recourse(shy, TABLE, "y", 1, verbose=False, hyperparams=QUICK)
    people = TABLE.drop(columns="y").head(40)
    found, expected = (door.recommend(people) for door in (other, recourse))
    assert (expected.status == "answered").any()
    pd.testing.assert_frame_equal(found.rows, expected.rows)
    pd.testing.assert_series_equal(found.status, expected.status)
    with pytest.raises(InputError, match="D_h\\+ is empty"):
        Recourse(shy, TABLE, "y", 1, verbose=False, hyperparams={**QUICK, "calibrate": False})
