"""Tables, targets and classifiers that a newcomer may bring: learned from, or one error with the way out."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from loans import TRAIN, built

from carla_genre import Recourse
from carla_genre.constraints import Allowed, Freeze, OneWay
from carla_genre.errors import CheckpointError, InputError

N = len(TRAIN)
DAY = datetime.date(2020, 1, 1)


def column(cells: list[Any], kind: Any = None) -> pd.Series:
    return pd.Series((cells * N)[:N], index=TRAIN.index, dtype=kind)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (column([b"a", b"b"]), "'x' holds values of several or unknown types .bytes"),
        (pd.Series(np.array([b"a", b"b"] * (N // 2)), index=TRAIN.index), "'x' holds.*bytes"),
        (column([["a"], ["b"]]), "'x' holds values of several or unknown types .list"),
        (column([[1], [2]], pd.ArrowDtype(pa.list_(pa.int64()))), "'x' holds values of several"),
        (column([DAY, DAY.replace(year=2021)]), "'x' holds dates or times"),
        (column([DAY, DAY.replace(year=2021)], pd.ArrowDtype(pa.date32())), "'x' holds dates or times"),
        (pd.Series(pd.cut(np.arange(N), 3), index=TRAIN.index), "'x' holds intervals: make them texts"),
        (column([Decimal(1), Decimal(2)], pd.ArrowDtype(pa.decimal128(5, 1))), "'x' holds Decimal"),
    ],
)
def test_a_column_that_can_be_no_feature_is_named(model: Any, cells: pd.Series, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Recourse(lambda rows: model.predict_proba(rows)[:, 1], TRAIN.assign(x=cells), "approved", "yes")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"desired": (1, 2)}, "is a range of numbers, target 'approved' is .*labels, .'"),
        ({"seed": -1}, "seed=-1: expected a whole number"),
        ({"seed": None}, "seed=None: expected a whole number"),
        ({"seed": 1.5}, "seed=1.5: expected a whole number"),
        ({"constraints": [Freeze(*TRAIN.columns[:-1])]}, "freeze every feature"),
        (
            {"table": TRAIN.replace({"home": {"rent": " "}})},
            "'home' holds nothing but blanks in .*make them missing",
        ),
        ({"hyperparams": "fast"}, "hyperparams must be a dict of GenRe's, got str"),
        ({"hyperparams": 3}, "hyperparams must be a dict"),
        ({"categorical": ["approved"]}, "categorical: there is no column 'approved'.*'dependants'$"),
        ({"continuous": ["home"]}, "'home' is said to be continuous and holds texts: make them numbers"),
        (
            {"continuous": ["age"], "table": TRAIN.astype({"age": "category"})},
            "'age' is said to be continuous and holds categories: make them numbers",
        ),
        (
            {"table": TRAIN.assign(income=TRAIN["income"].map("{:.2f}".format).str.replace(".", ","))},
            "'income' holds numbers written as text, as '.*,..': make them numbers.*decimal=','",
        ),
        ({"hyperparams": {"seed": 5}}, "seed=5 is another one than seed=0: give it to Recourse itself"),
        ({"desired": pd.NA}, "desired=<NA>: target 'approved' has"),
        ({"table": TRAIN.assign(approved=[["yes"], ["no"]] * (N // 2))}, "'approved' holds list, as "),
        ({"table": TRAIN.assign(approved=[{"a": 1}] * N)}, "'approved' holds dict"),
        ({"table": TRAIN[["approved"]].assign(**TRAIN.drop(columns="approved").iloc[0])}, "one value only"),
    ],
)
def test_what_cannot_be_built_is_one_error(model: Any, change: dict[str, Any], message: str) -> None:
    given = {"classifier": model, "table": TRAIN, "target": "approved", "desired": "yes", "verbose": False}
    with pytest.raises(InputError, match=message):
        Recourse(**{**given, **change})


def test_a_classifier_that_was_trained_on_the_target_is_refused(model: Any) -> None:
    class Leaking:
        feature_names_in_ = np.array(TRAIN.columns)
        classes_ = model.classes_
        predict_proba = model.predict_proba

    with pytest.raises(InputError, match="trained on the target 'approved'"):
        built(Leaking())


def test_a_classifier_that_changes_what_it_is_given_changes_nothing_else(
    model: Any, denied: pd.DataFrame
) -> None:
    def careless(rows: pd.DataFrame) -> Any:
        said = model.predict_proba(rows)[:, 1]
        rows["ratio"] = rows["debt"] / rows["income"]
        rows["income"] /= 1000
        rows["debt"] = 0
        return said

    table, people = TRAIN.copy(), denied.head(10).copy()
    recourse = built(careless, table)
    found = recourse.recommend(people, 2)
    other = built(lambda rows: model.predict_proba(rows)[:, 1]).recommend(people, 2)
    pd.testing.assert_frame_equal(found.table, other.table)
    tried = recourse.candidates(people.head(1))
    assert (careless(tried[people.columns][tried["state"] == "chosen"]) > 0.5).all()
    assert tried["debt"].any()
    pd.testing.assert_frame_equal(table, TRAIN)
    pd.testing.assert_frame_equal(people, denied.head(10))


def test_levels_that_pyarrow_keeps_in_a_dictionary_are_levels(model: Any, denied: pd.DataFrame) -> None:
    kind = pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))
    people = denied.astype({"home": kind})
    found = built(model, TRAIN.astype({"home": kind})).recommend(people, constraints=[Freeze(only=["home"])])
    assert set(found.changes["feature"]) == {"home"}
    assert found.rows.dtypes.equals(people.dtypes)


def test_a_label_or_threshold_may_be_numpys(model: Any) -> None:
    recourse = built(model, desired=np.array("yes"), threshold=np.float32(0.5))  # type: ignore[arg-type]
    assert recourse.decision_.threshold == 0.5


def test_a_classifier_whose_own_threshold_is_another_one_is_told(model: Any, denied: pd.DataFrame) -> None:
    pytest.importorskip("sklearn", minversion="1.5")
    from sklearn.model_selection import FixedThresholdClassifier

    strict = FixedThresholdClassifier(model, threshold=0.8, pos_label="yes", response_method="predict_proba")
    strict.fit(TRAIN.drop(columns="approved"), TRAIN["approved"])
    told = [note for note in built(strict).notes_ if "predict" in note]
    assert len(told) == 1
    assert "threshold=0.8 is the classifier's own" in told[0]
    careful = built(strict, threshold=0.8)
    assert (strict.predict(careful.recommend(denied.head(20)).rows) == "yes").all()
    for right in (careful, built(model)):
        assert not [note for note in right.notes_ if "predict" in note]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Allowed("home", 3),  # type: ignore[arg-type]
        lambda: Allowed("home", "own"),
        lambda: Allowed("home", forbidden=3),  # type: ignore[arg-type]
        lambda: Allowed("home", forbidden=["ab"]),  # type: ignore[list-item]
        lambda: OneWay("home", "up", order=3),  # type: ignore[arg-type]
        lambda: Freeze(only=3),  # type: ignore[arg-type]
        lambda: OneWay("home", "up", order=[["own"], ["rent"]]),
    ],
)
def test_a_constraint_that_wants_a_list_says_so(make: Any) -> None:
    with pytest.raises(InputError, match=r"list of|are a list"):
        make()


def test_a_later_save_without_rows_leaves_none_of_an_earlier_one(recourse: Recourse, tmp_path: Any) -> None:
    recourse.save(tmp_path, with_training_rows=True)
    assert (tmp_path / "table.parquet").exists()
    recourse.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["generator.safetensors", "recourse.json"]


@pytest.mark.parametrize("written", [0, 1, 2])
def test_a_save_that_fails_leaves_the_folder_as_it_was(
    recourse: Recourse, model: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    """The disk is full after so many files: the earlier save is whole, and a new folder is not there."""
    recourse.save(tmp_path / "old", with_training_rows=True)
    before = {path.name: path.read_bytes() for path in (tmp_path / "old").iterdir()}
    other, plain = built(model, constraints=[Freeze("age")], threshold=0.6), Path.write_bytes
    for name in ("old", "new/folder"):
        calls = iter(range(9))

        def full(path: Path, content: bytes, calls: Any = calls) -> int:
            if next(calls) == written:
                raise OSError(28, "No space left on device")
            return plain(path, content)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "write_bytes", full)
            with pytest.raises(InputError, match="No space left"):
                other.save(tmp_path / name, with_training_rows=True)
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert {path.name: path.read_bytes() for path in (tmp_path / "old").iterdir()} == before
    other.save(tmp_path / "old", with_training_rows=True)
    assert {path.name for path in (tmp_path / "old").iterdir()} == set(before)
    assert Recourse.load(tmp_path / "old", model).threshold == 0.6


def test_a_tilde_is_the_users_folder(
    recourse: Recourse, model: Any, denied: pd.DataFrame, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    recourse.save("~/loans.genre", with_training_rows=True)
    found = Recourse.load("~/loans.genre", model).recommend(denied.head(2))
    found.to_csv("~/options.csv")
    found.to_html("~/options.html")
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
    assert {path.name for path in (tmp_path / "home").iterdir()} == {
        "loans.genre",
        "options.csv",
        "options.html",
    }
    recourse.save("~/loans.genre")
    assert not (tmp_path / "home" / "loans.genre" / "table.parquet").exists()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (TRAIN.drop(columns="home"), r"it lacks the columns \['home'\]"),
        (TRAIN.assign(z=1), r"it has the columns \['z'\] besides"),
        (TRAIN[TRAIN.columns[::-1]], "another order"),
        (TRAIN.head(400), "it has 400 rows, not 450"),
        (TRAIN.iloc[::-1], "its rows have another order"),
        (TRAIN.astype({"age": float}), r"'age' is float64, it was int64: make them the same"),
        (TRAIN.astype({"home": "category"}).assign(age=0), "its cells differ"),
    ],
)
def test_another_table_is_told_by_what_differs(
    recourse: Recourse, model: Any, table: pd.DataFrame, message: str, tmp_path: Any
) -> None:
    recourse.save(tmp_path)
    with pytest.raises(CheckpointError, match=message):
        Recourse.load(tmp_path, model, table)


def test_a_table_that_is_no_frame_is_told(recourse: Recourse, model: Any, tmp_path: Any) -> None:
    recourse.save(tmp_path)
    with pytest.raises(InputError, match="table must be a DataFrame, got str"):
        Recourse.load(tmp_path, model, "applications.csv")  # type: ignore[arg-type]


def test_the_same_cells_in_other_dtypes_give_the_same_options(
    recourse: Recourse, model: Any, denied: pd.DataFrame, tmp_path: Any
) -> None:
    recourse.save(tmp_path)
    people = denied.head(10)
    for kinds in ({"income": "float32"}, {"age": "Int64", "home": "category"}):
        again = Recourse.load(tmp_path, model, TRAIN.astype(kinds))
        assert again.recommend(people, 2).rows.equals(recourse.recommend(people, 2).rows)


def test_constraints_among_the_hyperparameters_would_be_of_other_units(model: Any) -> None:
    told = {"constraints": {"income": {"range": (0, 2500)}}}
    with pytest.raises(InputError, match="give constraints to Recourse itself"):
        Recourse(model, TRAIN, "approved", "yes", verbose=False, hyperparams=told)
