"""Tables in files: what pandas reads of the whole is what is read chunk by chunk, and samples are even."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from file_cases import PEOPLE, write

from carla_genre import InputError
from carla_genre.files.table import open_table

ODD = {
    "quoted newlines and blank lines": 'a,b\n1,"x\ny"\n\n   \n2,"z"\n3,"q""q"\n',
    "windows": "a,b\r\n1,x\r\n2,y\r\n3,z\r\n",
    "bom": "\ufeffa,b\n1,ä\n2,y\n3,z\n",
    "no end of line": "a,b\n1,x\n2,y\n3,z",
    "fewer cells": "a,b\n1,x\n2\n3,z\n",
    "numbers, then text": "a,b\n1,x\n2,y\nthree,z\n",
    "whole, then not": "a,b\n1,x\n2,y\n3.5,z\n",
    "gaps": "a,b\n1,\n2,\n3,7\n",
    "flags with a gap": "a,b\nTrue,1\nFalse,2\n,3\n",
    "flags, then numbers": "a,b\nTrue,1\nFalse,2\n0,3\n",
    "an empty column": "a,b\n1,\n2,\n3,\n",
    "without a name": ",b\n1,x\n2,y\n",
    "great numbers": "a,b\n9223372036854775807,1\n5,2\n18446744073709551615,3\n",
    "nothing but a header": "a,b\n",
}


@pytest.mark.parametrize("rows", [1, 2, 100])
@pytest.mark.parametrize("content", ODD.values(), ids=ODD)
def test_a_csv_is_read_as_pandas_reads_the_whole(content: str, rows: int, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(content.encode())
    found = open_table(tmp_path / "in.csv", chunk_rows=rows).read_all()[0]
    expected = pd.read_csv(io.BytesIO(content.encode()), low_memory=False)
    assert [kind.kind for kind in found.dtypes] == [
        "f" if kind == "uint64" and rows < 3 else kind.kind if len(expected) else "f"
        for kind in expected.dtypes
    ]
    if "great" not in content and len(expected) and expected.dtypes.iloc[0] != "uint64":
        pd.testing.assert_frame_equal(found, expected, check_index_type=False)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"a;b\n1;2\n", "separated by ';'"),
        (b"a\tb\n1\t2\n", "separated by tabs"),
        (b"a,a\n1,2\n", "'a' more than once"),
        (b"a,b\n1,2\n1,2,3\n", "row 2 has 3 cells"),
        (b"a,b\n1,\xff\n", "no text in UTF-8 .*, save it as a CSV in UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "no text in UTF-8"),
        (b'a,b\n1,"2\n', "cannot be read as CSV"),
    ],
)
def test_a_csv_that_is_none_is_one_error(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(content)
    with pytest.raises(InputError, match=message):
        open_table(tmp_path / "in.csv").read_all()


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_files_folders_and_patterns(kind: str, tmp_path: Path) -> None:
    write(PEOPLE[:70], tmp_path / "in" / f"a.{kind}")
    write(PEOPLE[70:], tmp_path / "in" / "deeper" / f"b.{kind}")
    (tmp_path / "in" / f"_hidden.{kind}").write_text("not rows")
    for path in (tmp_path / "in", tmp_path / "in" / "**" / f"?.{kind}"):
        found = open_table(path).read_all()[0]
        pd.testing.assert_frame_equal(found, PEOPLE, check_index_type=False)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"holds no \*\.csv"):
        open_table(tmp_path / "empty")
    for nowhere, message in (
        ("nowhere", "is no file, folder or pattern"),
        ("~nosuchuser/x", "cannot be a path here"),
    ):
        with pytest.raises(InputError, match=message):
            open_table(nowhere)


def test_files_that_differ_are_told(tmp_path: Path) -> None:
    write(PEOPLE, tmp_path / "in" / "a.parquet")
    write(PEOPLE.astype({"age": float}), tmp_path / "in" / "b.parquet")
    with pytest.raises(InputError, match=r"'age' is double in .*b\.parquet and int64 in those before"):
        open_table(tmp_path / "in")
    write(PEOPLE.drop(columns="age"), tmp_path / "in" / "b.parquet")
    with pytest.raises(InputError, match=r"b\.parquet has other columns than .*a\.parquet"):
        open_table(tmp_path / "in")
    (tmp_path / "in" / "b.parquet").unlink()
    write(PEOPLE, tmp_path / "in" / "b.csv")
    with pytest.raises(InputError, match="not both CSV or both Parquet"):
        open_table(tmp_path / "in")


def test_categories_of_all_row_groups_and_files(tmp_path: Path) -> None:
    frame = PEOPLE.assign(home=pd.Categorical(PEOPLE["home"], ["rent", "parents", "own", "castle"]))
    frame[:70].to_parquet(tmp_path / "a.parquet", row_group_size=10)
    frame[70:].to_parquet(tmp_path / "b.parquet")
    found = open_table(tmp_path).read_all()[0]
    assert found["home"].dtype == frame["home"].dtype
    assert found["home"].astype(object).equals(frame["home"].astype(object))


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_sample_is_the_same_however_the_rows_are_cut(kind: str, tmp_path: Path) -> None:
    samples = []
    for rows, group in ((1000, 1000), (7, 50), (33, 9)):
        source = open_table(write(PEOPLE, tmp_path / f"in.{kind}", group), chunk_rows=rows)
        samples.append(source.sample(40, seed=3))
        assert len(samples[-1]) == 40
        pd.testing.assert_frame_equal(samples[-1], samples[0])
        pd.testing.assert_frame_equal(
            samples[-1], source.read_all()[0].loc[samples[-1].index], check_index_type=False
        )
    assert not source.sample(40, seed=4).index.equals(samples[0].index)
    assert len(source.sample(10**6, seed=3)) == len(PEOPLE)


@pytest.mark.slow
def test_every_row_is_as_likely_in_a_sample(tmp_path: Path) -> None:
    source = open_table(write(pd.DataFrame({"a": range(30)}), tmp_path / "in.csv"))
    times = np.zeros(30)
    for seed in range(400):
        times[source.sample(6, seed)["a"]] += 1
    # each is in a fifth of the 400 samples, by the binomial's standard deviation of 8
    assert abs(times - 80).max() < 4.5 * 8


@pytest.mark.parametrize("place", [0.002, 0.99])
def test_a_damaged_parquet_is_named(place: float, tmp_path: Path) -> None:
    path = write(PEOPLE, tmp_path / "in.parquet", types={"debt": pa.int32()})
    content = bytearray(path.read_bytes())
    start = int(place * len(content))
    content[start : start + 40] = bytes(40)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"in\.parquet cannot be read as Parquet"):
        open_table(path).read_all()
