"""A stop, damage, a full disk, a wrong request: no answer is lost, and no file of the user's is written over."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from file_cases import PEOPLE, At, Watched, ask, contents, interrupt, write

from carla_genre import InputError, Recourse
from carla_genre.constraints import AtMost, Freeze


def test_a_job_that_was_stopped_goes_on(
    recourse: Recourse, classifier: Watched, answered: Path, tmp_path: Path
) -> None:
    path, out, asked = write(PEOPLE, tmp_path / "in.parquet"), tmp_path / "out", set[float]()
    classifier.before = At(PEOPLE.iloc[50], interrupt)  # of the second chunk
    with pytest.raises(KeyboardInterrupt):
        ask(recourse, path, out)
    before = contents(out)
    assert sorted(before) == [
        "done/part-000000.json",
        "job.json",
        "options/part-000000.parquet",
        "unanswered/part-000000.parquet",
    ]
    died = "import os, sys, carla_genre.io as io\nwith io.whole_file(sys.argv[1]): os._exit(9)"
    subprocess.run([sys.executable, "-c", died, out / "options" / "part"], check=False)
    assert len(list((out / "options").iterdir())) == 2
    classifier.before = lambda rows: asked.update(rows["income"])
    ask(recourse, path, out)
    assert set(PEOPLE["income"][50:]) <= asked and not set(PEOPLE["income"][:50]) & asked
    assert contents(out) == contents(answered)


def test_another_jobs_folder_is_refused(recourse: Recourse, tmp_path: Path) -> None:
    path, out = write(PEOPLE[:20], tmp_path / "in.csv"), tmp_path / "out"
    recourse.recommend_files(path, out)
    for changed, message in (
        ({"n": 2}, "another n:"),
        ({"diverse": True}, "another diverse"),
        ({"constraints": AtMost(2)}, "another constraints"),
        ({"index": "age"}, "another index"),
    ):
        with pytest.raises(InputError, match=message):
            recourse.recommend_files(path, out, **changed)
    write(PEOPLE[20:40], path)
    with pytest.raises(InputError, match="another people"):
        recourse.recommend_files(path, out)
    (out / "job.json").write_text("{")
    with pytest.raises(InputError, match="damaged"):
        recourse.recommend_files(path, out)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match=r"not empty and has no job\.json"):
        recourse.recommend_files(path, tmp_path / "full")


@pytest.mark.parametrize(
    "damage", ["absent", "flipped", "a folder", pytest.param("empty", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("folder", ["options", "done", pytest.param("unanswered", marks=pytest.mark.slow)])
def test_a_damaged_part_is_answered_again(
    recourse: Recourse, answered: Path, tmp_path: Path, folder: str, damage: str
) -> None:
    path, out = write(PEOPLE, tmp_path / "in.parquet"), tmp_path / "out"
    shutil.copytree(answered, out)
    (part,) = (out / folder).glob("part-000001.*")
    content = part.read_bytes()
    part.unlink()
    if damage == "a folder":
        part.mkdir()
        with pytest.raises(InputError, match="cannot be written"):
            ask(recourse, path, out)
        return
    if damage != "absent":
        middle = len(content) // 2
        flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        part.write_bytes(b"" if damage == "empty" else flipped)
    ask(recourse, path, out)
    assert contents(out) == contents(answered)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("damage", ["empty", "cut", "flipped"])
def test_damaged_input_is_one_error(recourse: Recourse, kind: str, damage: str, tmp_path: Path) -> None:
    path = write(PEOPLE, tmp_path / f"in.{kind}")
    content = path.read_bytes()
    middle = len(content) // 3
    flipped = content[:middle] + b"\xff" * 400 + content[middle + 400 :]
    cut = b'"' + content if kind == "csv" else content[:-50]
    path.write_bytes({"empty": b"", "cut": cut, "flipped": flipped}[damage])
    with pytest.raises(InputError, match=r"cannot be read as|lacks the columns"):
        ask(recourse, path, tmp_path / "out")


def test_what_is_wrong_is_told_before_any_work(
    recourse: Recourse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(PEOPLE, tmp_path / "in.csv")
    (tmp_path / "file").write_text("")
    for given, message in (
        ({"people": "nobody.csv"}, "nobody.csv is no file, folder or pattern"),
        (
            {"people": write(PEOPLE.drop(columns="debt"), tmp_path / "no.csv")},
            r"lacks the columns \['debt'\]",
        ),
        ({"workers": 0}, "workers must be 1 or more"),
        ({"workers": "2"}, "workers must be 1 or more, got '2'"),
        ({"people": PEOPLE}, "name of a file or folder is wanted, .*, got DataFrame"),
        ({"out": None}, "name of a file or folder is wanted, .*, got NoneType"),
        ({"out": "a\0b"}, "null"),
        ({"index": ["age"]}, "there is no such column"),
        ({"n": 0}, "n=0"),
        ({"constraints": Freeze("incom")}, "did you mean 'income'"),
        ({"out": "file"}, "cannot be written"),
        ({"out": "file/x.csv"}, "cannot be written"),
        ({"out": "n" * 300}, "cannot be a path here"),
        ({"out": "o.xlsx"}, "written as .csv or .parquet, or into a folder"),
        ({"out": "o.csv.gz"}, ".gz is none of these"),
    ):
        with pytest.raises(InputError, match=message):
            recourse.recommend_files(**{"people": path, "out": "out", **given})
        assert not (tmp_path / "out").exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a full disk")
def test_a_full_disk_is_one_error(
    recourse: Recourse, answered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out = write(PEOPLE, tmp_path / "in.parquet"), tmp_path / "out"

    def full(*arguments: Any, **options: Any) -> None:
        with open("/dev/full", "wb", buffering=0) as file:
            file.write(b"x")

    with monkeypatch.context() as patch:
        patch.setattr(pq, "write_table", full)
        with pytest.raises(InputError, match="No space left"):
            ask(recourse, path, out)
    ask(recourse, path, out)
    assert contents(out) == contents(answered)


def test_a_part_on_all_of_which_the_classifier_fails_stops_no_job(
    recourse: Recourse, classifier: Watched, tmp_path: Path
) -> None:
    def fail(rows: Any) -> None:
        if (rows["income"] < 0).any():
            raise ValueError("a negative income")

    classifier.before = fail
    people = PEOPLE.assign(income=PEOPLE["income"].where(PEOPLE.index < 100, -1.0))
    found = ask(recourse, write(people, tmp_path / "in.parquet"), tmp_path / "out")
    without = PEOPLE.head(100)
    others = ask(recourse, write(without, tmp_path / "others.parquet"), tmp_path / "others")
    assert found.counts[:2] == others.counts[:2]
    reason = "the classifier fails on this row: ValueError: a negative income"
    assert found.reasons[reason][0] == 20


@pytest.mark.parametrize("name", ["people.csv", "people.unanswered.csv", "people.parquet"])
def test_people_are_not_overwritten_by_their_answers(recourse: Recourse, tmp_path: Path, name: str) -> None:
    path = write(PEOPLE, tmp_path / name)
    before = path.read_bytes()
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    out = tmp_path / "link" / name.replace(".unanswered", "")
    with pytest.raises(InputError, match="would be written in the place of what is read"):
        recourse.recommend_files(path, out)
    assert path.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link", name]


def test_a_name_in_capitals_is_of_the_same_kind(recourse: Recourse, tmp_path: Path) -> None:
    """As Windows and spreadsheets write it."""
    for kind in ("csv", "parquet"):
        (tmp_path / kind).mkdir()
        named = tmp_path / kind / f"IN.{kind.upper()}"
        write(PEOPLE.head(8), tmp_path / f"in.{kind}").rename(named)
        ask(recourse, named, tmp_path / f"one.{kind}")
        ask(recourse, named.parent, tmp_path / f"ONE.{kind.upper()}")
        assert (tmp_path / f"ONE.{kind.upper()}").read_bytes() == (tmp_path / f"one.{kind}").read_bytes()
