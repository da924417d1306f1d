"""From files to files: nobody is lost, and what is written is what `recommend` gives for all people at once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from file_cases import PEOPLE, Watched, ask, read, write

from carla_genre import InputError, Recourse
from carla_genre.constraints import AtMost
from carla_genre.files.table import CHUNK_ROWS, open_table

NAMED = PEOPLE.rename_axis("row")


@pytest.fixture(scope="module")
def whole(recourse: Recourse) -> Any:
    """What all people get at once."""
    return recourse.recommend(NAMED, 2, constraints=AtMost(2))


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        ("csv", 120),
        ("parquet", 64),
        *(pytest.param("parquet", rows, marks=pytest.mark.slow) for rows in (7, 10_000)),
    ],
)
def test_chunks_and_formats_change_nothing(
    recourse: Recourse, whole: Any, kind: str, rows: int, tmp_path: Path
) -> None:
    path = write(PEOPLE, tmp_path / f"in.{kind}", group=rows)
    counts, reasons = ask(recourse, path, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == whole.to_csv()
    assert sum(counts) == len(PEOPLE)
    assert counts.unanswered == 2
    assert reasons == {"'home' is missing": (1, ["3"]), "'home' has no level 'castle'": (1, ["5"])}
    told = pd.read_csv(tmp_path / "out.unanswered.csv", index_col="row")["reason"]
    assert told.to_dict() == {3: "'home' is missing", 5: "'home' has no level 'castle'"}
    ask(recourse, path, tmp_path / "out.parquet")
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "out.parquet"), whole.table, check_exact=True, check_index_type=False
    )
    assert pd.read_parquet(tmp_path / "out.unanswered.parquet")["reason"].to_dict() == told.to_dict()
    left = {"in", "out", "out.unanswered"}
    assert {one.stem for one in tmp_path.iterdir()} == left, "the parts are removed"


def test_a_folder_has_everybody_once(answered: Path, whole: Any) -> None:
    options, none = read(answered), read(answered, "unanswered")
    pd.testing.assert_frame_equal(options, whole.table, check_exact=True)
    first = options[options["option"] == 1]
    assert sorted([*first.index, *none.index]) == list(range(len(PEOPLE)))
    assert len(list((answered / "options").iterdir())) == 3


def in_two_chunks(classifier: Watched) -> pd.DataFrame:
    """The people, and between them so many others, accepted already, that a CSV of all has two chunks."""
    others = PEOPLE.drop(index=[3, 5])
    others = others[classifier.predict_proba(others.drop(columns="note"))[:, 1] > 0.5]
    others = others.sample(CHUNK_ROWS, replace=True, random_state=0)
    return pd.concat([PEOPLE[:60], others, PEOPLE[60:]], ignore_index=True)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_gap_in_one_chunk_changes_no_other(recourse: Recourse, kind: str, tmp_path: Path) -> None:
    people = PEOPLE if kind == "parquet" else in_two_chunks(recourse.classifier)
    n = len(people)
    gaps = people.assign(
        dependants=people["dependants"].astype("Int64"), flag=[None, *[True] * (n - 1)], whole=range(n)
    )
    gaps.loc[n - 20, "dependants"] = pd.NA
    gaps["whole"] = gaps["whole"].astype("Int64").where(gaps.index > 10)
    path = write(gaps, tmp_path / f"in.{kind}")
    assert len(open_table(path).chunks) == (3 if kind == "parquet" else 2)
    read_by_pandas = pd.read_csv(path) if kind == "csv" else pd.read_parquet(path)
    frame = pd.DataFrame(
        {
            name: cells.astype("Int64" if name == "whole" else float)
            if name in ("whole", "dependants")
            else cells
            for name, cells in read_by_pandas.items()
        }
    )
    ask(recourse, path, tmp_path / "out.csv")
    expected = recourse.recommend(frame.rename_axis("row"), 2, constraints=AtMost(2))
    assert (tmp_path / "out.csv").read_text() == expected.to_csv()
    ask(recourse, path, tmp_path / "out.parquet")
    written = pq.read_schema(tmp_path / "out.parquet")
    assert written.field("whole").type == pa.int64()


CODES = {
    "code": lambda row: f"{row:05d}",
    "phone": lambda row: f"+49{row}",
    "number": lambda row: str(2**53 + 1 + row) if row % 3 else "",
    "long": lambda row: str(10**18 + row) + ("" if row % 3 else "0"),
    "surname": lambda row: ("Null", "NA", "", "None")[row % 4],
    "nothing": lambda row: "NA",
    "flag": lambda row: ("TRUE", "False", "")[row % 3],
    "flag or word": lambda row: ("True", "NA")[row % 2],
    "balance": lambda row: ("3.10", "1e5", "-0", "0.12345678901234567")[row % 4],
    "share": lambda row: ("0.25", "null", "")[row % 3],
    "padded": lambda row: f" {row}",
    "amount": lambda row: ("100", "250.5", "")[row % 3],
}


@pytest.mark.parametrize("name", CODES)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_what_is_no_feature_stays_as_it_is_written(
    recourse: Recourse, kind: str, name: str, tmp_path: Path
) -> None:
    """No digit of an account or a phone is lost, nor a surname that is a word for a gap."""
    people = PEOPLE.head(12).drop(index=[3, 5])
    texts = [CODES[name](row) for row in range(len(people))]
    path = write(people.assign(**{name: texts}), tmp_path / "in.csv")
    if kind == "parquet" and name == "number":
        cells = pd.array([int(text) if text else None for text in texts], "Int64")
        path = write(people.assign(**{name: cells}), tmp_path / "in.parquet")
    for index in (None, name):
        ask(recourse, path, tmp_path / f"{index}.csv", index=index)
        found = pd.read_csv(tmp_path / f"{index}.csv", dtype=str, keep_default_na=False)
        assert found.loc[found["option"] == "1", name].tolist() == texts
        assert ask(recourse, path, tmp_path / f"{index}.parquet", index=index).counts.unanswered == 0
        kept = pq.read_table(tmp_path / f"{index}.parquet")
        first = kept.filter(np.array(kept["option"].to_pylist()) == 1)[name].to_pylist()
        assert ["" if cell is None else str(cell) for cell in first] == texts


def test_a_word_among_numbers_is_no_number(recourse: Recourse, tmp_path: Path) -> None:
    """Python reads True as 1; a debt of true is none."""
    people = PEOPLE.head(6).drop(index=[3, 5]).astype({"debt": object})
    people.loc[1, "debt"] = "True"
    counts, reasons = ask(recourse, write(people, tmp_path / "in.csv"), tmp_path / "out.csv")
    assert counts.unanswered == 1
    assert list(reasons) == ["'debt' is no number: 'True'"]


@pytest.mark.parametrize(
    ("types", "kept"),
    [
        ({"age": pa.int8(), "debt": pa.uint16(), "dependants": pa.float32()}, True),
        ({"home": pa.dictionary(pa.int32(), pa.string()), "note": pa.large_string()}, True),
        ({"home": pa.string_view(), "note": pa.dictionary(pa.int8(), pa.string())}, True),
        ({"income": pa.decimal128(12, 2), "debt": pa.float64()}, True),
        ({"income": pa.float32(), "debt": pa.decimal128(24, 2)}, False),
    ],
)
def test_the_input_keeps_its_types_where_they_hold_every_answer(
    recourse: Recourse, whole: Any, types: dict[str, pa.DataType], kept: bool, tmp_path: Path
) -> None:
    path = write(PEOPLE, tmp_path / "in.parquet", types=types)
    ask(recourse, path, tmp_path / "out.parquet")
    written = pq.read_table(tmp_path / "out.parquet")
    for name, kind in types.items():
        values = getattr(kind, "value_type", kind)
        wanted = {pa.string_view(): pa.string()}.get(values, values)
        if not kept and kind == pa.float32():  # the table's income has cents
            wanted = pa.float64()
        assert written.schema.field(name).type == wanted
    for name in set(types) - {"income"}:
        cells = [float(one) if isinstance(one, Decimal) else one for one in written[name].to_pylist()]
        assert cells == whole.table[name].tolist()
    np.testing.assert_allclose(
        [float(one) for one in written["income"].to_pylist()], whole.table["income"], rtol=1e-6
    )


def test_whole_numbers_become_wider_where_the_table_has_decimals(recourse: Recourse, tmp_path: Path) -> None:
    rounded = PEOPLE.assign(income=PEOPLE["income"].round().astype("int64"))
    ask(recourse, write(rounded, tmp_path / "in.parquet"), tmp_path / "out")
    options = read(tmp_path / "out")
    assert options["income"].dtype == float
    h = recourse.decision_.ask(options[recourse.feature_names_in_])
    assert (h == options["h"]).all()
    assert (h > 0.5).all()


@pytest.mark.parametrize("kind", ["csv", pytest.param("parquet", marks=pytest.mark.slow)])
def test_an_index_of_the_inputs_own_names_the_people(recourse: Recourse, kind: str, tmp_path: Path) -> None:
    named = PEOPLE.assign(person=[f"p{row:03d}" for row in range(len(PEOPLE))], reason="x")
    path = write(named, tmp_path / f"in.{kind}")
    ask(recourse, path, tmp_path / "out.csv", index="person")
    expected = recourse.recommend(named.set_index("person"), 2, constraints=AtMost(2))
    assert (tmp_path / "out.csv").read_text() == expected.to_csv()
    ask(recourse, path, tmp_path / "own.parquet", index="age")
    assert pd.read_parquet(tmp_path / "own.parquet").index.name == "age_"
    with pytest.raises(InputError, match="Did you mean 'person'"):
        ask(recourse, path, tmp_path / "out.csv", index="persn")
    listed = write(named.assign(person=[[1]] * len(named)), tmp_path / "listed.parquet")
    with pytest.raises(InputError, match="--index person: the column holds lists"):
        ask(recourse, listed, tmp_path / "out.csv", index="person")


def test_the_index_that_pandas_wrote_is_kept(recourse: Recourse, tmp_path: Path) -> None:
    several = PEOPLE.head(20).set_index(pd.MultiIndex.from_product([["a", "b"], range(10)], names=["x", "y"]))
    for frame in (several, several.droplevel(0).rename_axis("case"), PEOPLE.iloc[[9, 5]], PEOPLE.iloc[5:9]):
        frame.to_parquet(tmp_path / "in.parquet")
        ask(recourse, tmp_path / "in.parquet", tmp_path / "out.parquet")
        found = recourse.recommend(frame, 2, constraints=AtMost(2)).table
        pd.testing.assert_frame_equal(
            pd.read_parquet(tmp_path / "out.parquet"), found, check_names=False, check_index_type=False
        )


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_no_people_are_no_error(recourse: Recourse, kind: str, tmp_path: Path) -> None:
    path = write(PEOPLE[:0], tmp_path / f"none.{kind}")
    for out in ("out.csv", "out.parquet", "out"):
        assert sum(ask(recourse, path, tmp_path / out).counts) == 0
    assert list(pd.read_csv(tmp_path / "out.csv"))[:2] == ["row", "age"]
    assert "h" in pd.read_parquet(tmp_path / "out.parquet")


@pytest.mark.parametrize(("column", "cell"), [("income", "unknown"), ("age", "0x10")])
def test_one_text_in_a_csv_takes_its_person_alone(
    recourse: Recourse, tmp_path: Path, column: str, cell: str
) -> None:
    """The whole column is read as text for it, in all chunks."""
    path = write(in_two_chunks(recourse.classifier), tmp_path / "people.csv")
    ask(recourse, path, tmp_path / "clean.csv")
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.loc[7, column] = cell
    frame.to_csv(path, index=False)
    assert len(open_table(path).chunks) == 2
    for name in ("stray.csv", "stray.parquet"):
        ask(recourse, path, tmp_path / name)
    clean = pd.read_csv(tmp_path / "clean.csv", index_col="row").drop(index=7, errors="ignore")
    found = pd.read_csv(tmp_path / "stray.csv", index_col="row")
    pd.testing.assert_frame_equal(found, clean, check_dtype=False)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "stray.parquet"), clean, check_dtype=False)
    told = pd.read_csv(tmp_path / "stray.unanswered.csv", index_col="row")["reason"]
    assert told[7] == f"{column!r} is no number: {cell!r}"
