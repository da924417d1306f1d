"""An odd frame, path or argument is one error of this package, whatever door it comes through."""

from __future__ import annotations

import gzip
import lzma
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from carla_genre import InputError, Schema, load_dataset
from carla_genre.blackbox import model_probability
from carla_genre.evaluation import Answered, Cost, InvalidationRate, Likelihood, Sparsity, Validity
from carla_genre.protocol import OwnTable, prepare

from carla.models.api import MLModel

RANDOM = np.random.default_rng(0)
TABLE = pd.DataFrame(
    {
        "income": RANDOM.normal(3000, 900, 200).round(2),
        "debt": RANDOM.integers(0, 9000, 200),
        "home": RANDOM.choice(["own", "rent", "parents"], 200),
    }
)
TABLE["good"] = (TABLE["income"] > 3000).astype(int)
ODD_CELLS = {
    "list": [1],
    "dict": {"a": 1},
    "Timestamp": pd.Timestamp(0),
    "Timedelta": pd.Timedelta(1),
    "complex": 1j,
    "bytes": b"1",
    "text": "much",
    "beyond a double": 10**400,
    "beyond 2**63": 2**63 + 5,
}


class Income(MLModel):
    """h rises with income."""

    feature_input_order = property(lambda self: [c for c in self.data.df.columns if c != "good"])
    backend = property(lambda self: "sklearn")
    raw_model = property(lambda self: None)

    def predict(self, x: Any) -> Any:
        return self.predict_proba(x)[:, 1]

    def predict_proba(self, x: Any) -> Any:
        accepted = x["income"].to_numpy(dtype=float).clip(0, 1)
        return np.stack([1 - accepted, accepted], axis=1)


@pytest.fixture(scope="module")
def model() -> Income:
    return Income(load_dataset(TABLE, target="good", quiet=True))


def with_cell(frame: pd.DataFrame, column: str, cell: Any) -> pd.DataFrame:
    """The frame with that cell in the second row of a column."""
    cells = frame[column].tolist()
    cells[1] = cell
    return frame.assign(**{column: pd.Series(cells, frame.index, dtype=object)})


MEASURES = [Cost, Answered, Sparsity, Likelihood, InvalidationRate]


@pytest.mark.parametrize("cell", ODD_CELLS.values(), ids=ODD_CELLS)
@pytest.mark.parametrize("measure", MEASURES)
def test_a_measure_reads_no_number_from_an_odd_cell(measure: Any, cell: Any, model: Income) -> None:
    rows = model.data.df_test.head(4)
    for factuals, answers in ((rows, with_cell(rows, "income", cell)), (with_cell(rows, "debt", cell), rows)):
        with pytest.raises(InputError, match=r"'income'|'debt'"):
            measure(model).get_evaluation(factuals, answers)


@pytest.mark.parametrize("measure", [*MEASURES, Validity])
def test_a_measure_wants_two_plain_frames(measure: Any, model: Income) -> None:
    rows, built = model.data.df_test.head(4), measure(model)
    levels = pd.concat({"people": rows}, axis=1).swaplevel(axis=1)
    for odd in (
        rows.to_numpy(),
        levels,
        rows.drop(columns="income"),
        pd.concat([rows, rows[["income"]]], axis=1),
    ):
        with pytest.raises(InputError, match=r"DataFrame|2 levels|lacks|twice"):
            built.get_evaluation(rows, odd)
    with pytest.raises(InputError, match="must be a DataFrame"):
        built.get_evaluation(rows.to_numpy(), rows)
    with pytest.raises(InputError, match=r"lacks the classifier's columns \['income'\]"):
        model_probability(model, rows.drop(columns="income"))


@pytest.mark.parametrize("cell", [*ODD_CELLS.values(), np.inf], ids=[*ODD_CELLS, "infinite"])
def test_the_catalog_encodes_what_it_can_read(
    cell: Any, model: Income, caplog: pytest.LogCaptureFixture
) -> None:
    raw, data = TABLE.head(5), model.data
    encoded, right = data.transform(with_cell(raw, "income", cell)), data.transform(raw)
    assert encoded["income"].isna().tolist() == [False, True, False, False, False]
    pd.testing.assert_frame_equal(encoded.drop(index=1), right.drop(index=1), check_dtype=False)
    assert "row 1: column 'income'" in caplog.text
    with pytest.raises(InputError, match="'income'"):
        data.transform(raw.assign(income=pd.Series([cell] * 5, dtype=object)))
    with pytest.raises(InputError, match="'income'"):
        data.inverse_transform(with_cell(right, "income", cell))


def test_what_is_no_classifier_and_no_catalog_is_told(model: Income) -> None:
    rows = model.data.df_test

    class NoCatalog(Income):
        data = property(lambda self: rows)
        feature_input_order = ("income",)

    with pytest.raises(InputError, match="DataFrame is no data as CARLA has them, it lacks"):
        Schema.from_mlmodel(NoCatalog(model.data))
    with pytest.raises(InputError, match="str is no classifier as CARLA has them, it lacks"):
        model_probability("income", rows)


def test_the_catalog_wants_plain_frames(model: Income) -> None:
    for read, rows in (
        (model.data.transform, TABLE.head(3)),
        (model.data.inverse_transform, model.data.df_test),
    ):
        levels = pd.concat({"people": rows}, axis=1).swaplevel(axis=1)
        for odd in (rows.to_numpy(), levels, rows.drop(columns="income")):
            with pytest.raises(InputError, match=r"DataFrame|2 levels|lacks"):
                read(odd)


@pytest.mark.parametrize("cell", [cell for cell in ODD_CELLS.values() if cell != "much"])
def test_a_table_with_an_odd_cell_is_refused(cell: Any) -> None:
    for column in ("income", "home"):
        with pytest.raises(InputError, match=f"{column!r}"):
            load_dataset(with_cell(TABLE, column, cell), target="good", quiet=True)


@pytest.mark.parametrize("odd", [pd.NA, pd.Series([0, 1]), ["a"], 3], ids=["NA", "series", "list", "number"])
@pytest.mark.parametrize("argument", ["scaling_method", "encoding_method", "positive"])
def test_an_odd_argument_of_a_table_is_named(argument: str, odd: Any) -> None:
    with pytest.raises(InputError, match=f"{argument}="):
        load_dataset(TABLE, target="good", quiet=True, **{argument: odd})


def test_a_number_that_leaves_all_others_without_digits_is_refused() -> None:
    with pytest.raises(InputError, match="'income' has numbers beyond single precision"):
        load_dataset(
            TABLE.assign(income=TABLE["income"].where(TABLE.index > 0, -1e308)), target="good", quiet=True
        )


def test_broken_files_and_paths_are_named(tmp_path: Path) -> None:
    csv = TABLE.to_csv(index=False).encode()
    content = {
        "cut.csv.gz": gzip.compress(csv)[:99],
        "cut.csv.xz": lzma.compress(csv)[:99],
        "no.zip": b"PK\x03\x04",
    }
    for name, written in {
        **content,
        "no.csv.bz2": b"BZh9",
        "no.tar": b"x" * 600,
        "no.csv": b"\xff\xfe\0",
    }.items():
        (tmp_path / name).write_bytes(written)
        with pytest.raises(InputError, match=name):
            load_dataset(tmp_path / name, quiet=True)
    for path in ("~nosuchuser/x.csv", "a\0b.csv", "x" * 5000 + ".csv"):
        for use in (
            lambda path: load_dataset(path, quiet=True),
            lambda path: load_dataset(TABLE, test=path, target="good", quiet=True),
            lambda path: load_dataset("compas", root=path),
            lambda path: prepare(OwnTable("own", path), 1, 5),
            lambda path: prepare("moons", 1, 5, cache=path),
        ):
            with pytest.raises(InputError, match=r"cannot be a path here|does not (exist|hold)"):
                use(path)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        *(("seed", seed) for seed in (-1, 2**32, "a", 1.5, True)),
        *(("n_factuals", n) for n in (0, -1, 1.5)),
        *(("rows", n) for n in (0, -3, "a")),
        *(("label_noise", share) for share in ("a", np.nan, 0.5)),
        *(("classifier", name) for name in (["ann"], None, "an")),
        *(("data", name) for name in (["moons"], None, 3)),
    ],
)
def test_an_odd_argument_of_the_protocol_is_named(argument: str, value: Any) -> None:
    with pytest.raises(InputError, match="data set" if argument == "data" else argument):
        prepare(**{"data": "moons", "n_factuals": 5, argument: value})
