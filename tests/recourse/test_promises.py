"""What the pages promise to whoever has a classifier and a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from loans import NUMBERS, PEOPLE, TRAIN, built, pipeline
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from carla_genre import Recourse
from carla_genre.constraints import Freeze, Range, Where
from carla_genre.errors import InputError


def test_a_saved_folder_has_no_names_of_people_among_its_categories(model: Any, tmp_path: Path) -> None:
    names = pd.Categorical([f"Person {number}" for number in range(len(TRAIN))])
    recourse = built(model, TRAIN.assign(name=names))
    recourse.save(tmp_path)
    assert not any(b"Person 17" in path.read_bytes() for path in tmp_path.iterdir())
    recourse.save(tmp_path, with_training_rows=True)
    assert Recourse.load(tmp_path, model).table["name"].dtype == names.dtype


def test_a_column_that_is_added_to_the_table_later_is_none_that_was_trained_on(
    model: Any, tmp_path: Path
) -> None:
    table = TRAIN.copy()
    recourse = built(model, table)
    table["note"] = "seen"
    recourse.save(tmp_path)
    people = PEOPLE.head(5)
    loaded = Recourse.load(tmp_path, model, TRAIN)
    pd.testing.assert_frame_equal(loaded.recommend(people).rows, recourse.recommend(people).rows)


def test_a_column_may_have_the_name_that_a_level_has_when_encoded() -> None:
    """Nothing is one-hot encoded here, and the pipeline has been trained on these names."""
    table = TRAIN.assign(home_own=np.arange(len(TRAIN)) % 7)
    recourse = built(pipeline(table, numbers=[*NUMBERS, "home_own"]), table)
    assert {"home", "home_own"} < set(recourse.feature_names_in_)


WITH_MORE = TRAIN.assign(
    name=[f"Person {number}" for number in range(len(TRAIN))],
    number=range(len(TRAIN)),
    since=pd.date_range("2020-01-01", periods=len(TRAIN)),
    nothing=np.nan,
)
MORE = ["name", "number", "since", "nothing"]


def test_a_pipeline_may_be_trained_on_columns_that_it_drops(tmp_path: Path) -> None:
    """What the error of such a column says, ignore=, is no error itself."""
    numbers = ColumnTransformer([("numbers", "passthrough", NUMBERS)])
    model = make_pipeline(numbers, LogisticRegression(max_iter=2000))
    model.fit(WITH_MORE.drop(columns="approved"), WITH_MORE["approved"])
    with pytest.raises(InputError, match=r"'nothing' .*ignore=\['nothing'\]"):
        built(model, WITH_MORE)
    recourse = built(model, WITH_MORE, ignore=MORE)
    people = PEOPLE.head(20)
    whole = people.assign(name="you", number=7, since=pd.Timestamp("2021-01-01"), nothing=np.nan)
    found = recourse.recommend(whole, n=2)
    assert (model.predict(found.rows) == "yes").all()
    assert (found.rows["name"] == "you").all()
    assert not set(found.changes["feature"]) & set(MORE)
    pd.testing.assert_frame_equal(recourse.recommend(people, n=2).rows, found.rows.drop(columns=MORE))
    recourse.save(tmp_path)
    loaded = Recourse.load(tmp_path, model, WITH_MORE)
    pd.testing.assert_frame_equal(loaded.recommend(whole, n=2).rows, found.rows)


def test_a_column_of_which_the_classifier_makes_something_cannot_be_ignored() -> None:
    def days(rows: pd.DataFrame) -> pd.DataFrame:
        return rows[["income", "debt"]].assign(days=(rows["since"] - pd.Timestamp("2020-01-01")).dt.days)

    model = make_pipeline(FunctionTransformer(days), LogisticRegression(max_iter=5000))
    model.fit(WITH_MORE.drop(columns="approved"), WITH_MORE["approved"])
    with pytest.raises(InputError, match=r"ignore= names \['since'\], which .* makes something of"):
        built(model, WITH_MORE, ignore=MORE)


def test_lightgbm_may_have_been_trained_on_names_with_blanks() -> None:
    """It calls them by underscores."""
    table = TRAIN.drop(columns="home").rename(columns={"income": "income a month"})
    features = table.drop(columns="approved")
    lightgbm = pytest.importorskip("lightgbm")
    boosting = lightgbm.LGBMClassifier(n_estimators=10, verbose=-1, n_jobs=1)
    for model in (boosting, CalibratedClassifierCV(boosting, cv=2)):
        model.fit(features, table["approved"])
        found = built(model, table).recommend(features.head(30))
        assert "income a month" in set(found.changes["feature"])
        assert (model.predict(found.rows) == "yes").all()


def test_texts_of_many_digits_are_levels_where_that_is_said(model: Any) -> None:
    """The error of such a column says categorical=."""
    table = TRAIN.assign(zip=[str(10_000 + number % 30) for number in range(len(TRAIN))])
    recourse = built(lambda rows: model.predict_proba(rows)[:, 1], table, categorical=["zip"])
    assert recourse.codec_.columns["zip"].levels[0] == "10000"


@pytest.fixture(scope="module")
def ratios() -> tuple[Recourse, pd.DataFrame]:
    """A door to a table of numbers with any decimals, and people; many have the ratio .95, which encoding changes."""
    random = np.random.default_rng(0)
    ratio = np.where(random.random(600) < 0.4, 0.95, random.random(600) * 0.92 + 0.01)
    table = pd.DataFrame(
        {"ratio": ratio, "merit": random.normal(3, 1, 600), "years": random.integers(0, 9, 600)}
    )

    def h(rows: pd.DataFrame) -> Any:
        return 1 / (
            1 + np.exp(-3 * (rows["merit"] - 3 + (rows["years"] - 4) / 3 - 2 * (rows["ratio"] - 0.5)))
        )

    table["good"] = (h(table) + random.normal(0, 0.1, 600) > 0.5).astype(int)
    recourse = built(h, table, "good", 1)
    number = recourse.codec_.columns["ratio"]
    assert number.write(number.encode(np.array([0.95])))[0] != 0.95
    people = table[(h(table) <= 0.5) & (table["ratio"] == 0.95)].drop(columns="good").head(40)
    return recourse, people


def test_a_predicate_is_asked_about_ones_own_numbers_to_the_last_bit(
    ratios: tuple[Recourse, pd.DataFrame],
) -> None:
    recourse, people = ratios
    other = recourse.recommend(people, constraints=[Where(lambda rows: rows["ratio"] != 0.95, "another")])
    assert len(other)
    assert (other.rows["ratio"] != 0.95).all()
    same = recourse.recommend(people, constraints=[Where(lambda rows: rows["ratio"] == 0.95, "the same")])
    assert (same.status == "answered").all()


def test_the_end_of_a_range_is_kept_to_the_last_bit(ratios: tuple[Recourse, pd.DataFrame]) -> None:
    recourse, people = ratios
    number = recourse.codec_.columns["merit"]
    thousandths = np.arange(3100, 4200) / 1000
    beyond = thousandths[number.write(number.encode(thousandths)) > thousandths][::6]
    ends = [float(end) for end in beyond]
    assert len(ends) > 3
    frozen = Freeze("years", "ratio")
    rows = [
        recourse.recommend(people, n=3, constraints=[frozen, Range("merit", high=end)]).rows for end in ends
    ]
    assert any((np.abs(own["merit"] - end) < 1e-9).any() for own, end in zip(rows, ends, strict=True))
    assert all((own["merit"] <= end).all() for own, end in zip(rows, ends, strict=True))
