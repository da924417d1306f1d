"""A record says which code made it, and a row of figures of several codes is marked."""

import shutil

import pytest

import carla_genre.harness.code as code
from carla_genre.harness.code import codes_of, mark_of, notes_on_code
from carla_genre.harness.record import environment
from carla_genre.harness.table import markdown, table


@pytest.fixture
def package(repository, tmp_path):
    """A copy of the package's sources, beside a page of documentation and a test."""
    shutil.copytree(
        repository / "carla_genre", tmp_path / "carla_genre", ignore=shutil.ignore_patterns("data")
    )
    for name in ("docs/page.md", "tests/test_page.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("")
    return tmp_path / "carla_genre"


ROOMS = (
    "blackbox.py",
    "carla_compat",
    "datasets",
    "evaluation",
    "generator",
    "methods",
    "protocol",
    "schema",
    "selection",
)


@pytest.mark.parametrize("room", ROOMS)
def test_the_digest_changes_with_a_source_that_can_change_a_figure(package, room):
    before = code.code_digest(package)
    path = package / room if room.endswith(".py") else min((package / room).rglob("*.py"))
    path.write_text(path.read_text() + "\n# changed\n")
    assert code.code_digest(package) != before


def test_the_digest_changes_with_what_scores_and_with_a_new_or_renamed_file(package):
    digests = [code.code_digest(package)]
    for name in code.SCORING:
        path = package / "harness" / name
        path.write_text(path.read_text() + "\n")
        digests.append(code.code_digest(package))
    (package / "selection" / "new.py").write_text("")
    digests.append(code.code_digest(package))
    (package / "selection" / "new.py").rename(package / "selection" / "newer.py")
    digests.append(code.code_digest(package))
    assert len(set(digests)) == len(digests)


@pytest.mark.parametrize(
    "name", ["../docs/page.md", "../tests/test_page.py", "report/page.py", "cli.py", "harness/run.py"]
)
def test_the_digest_stays_where_nothing_that_is_measured_can_change(package, name):
    before = code.code_digest(package)
    path = package / name
    path.write_text(path.read_text() + "\n# changed\n")
    assert code.code_digest(package) == before


def test_a_record_s_environment_has_the_digest_beside_the_commit():
    there = environment()
    assert there["code"] == code.code_digest()
    assert there["commit"] == code.commit()


def made_by(commit, digest=None, error=None, **cell):
    environment = {"commit": commit, "hardware": {"gpu": None}} | ({"code": digest} if digest else {})
    record = {"cell": {"data": "loans", "label": "a", "seed": 0, **cell}, "environment": environment}
    if error:
        return {**record, "error": {"message": error}}
    scores = {"cost": 1.0, "score": 1.0, "violations": {"rows": 0}}
    seconds = {"prepare": 1.0, "answer": 1.0}
    return {**record, "scores": scores, "seconds": seconds, "cpu_seconds": seconds}


A, B = "a" * 40, "b" * 40


@pytest.mark.parametrize(
    ("records", "codes"),
    [
        ([made_by(A), made_by(A)], "aaaaaaa"),
        ([made_by(B), made_by(A)], "aaaaaaa, bbbbbbb"),
        ([made_by(A), made_by(f"{A}+")], "aaaaaaa, aaaaaaa+"),
        ([made_by(A, "11"), made_by(B, "11")], "aaaaaaa (11)"),  # a commit that changed no source
        ([made_by(A, "11"), made_by(A, "22")], "aaaaaaa (11), aaaaaaa (22)"),
        ([made_by(A), made_by(A, "11")], "aaaaaaa, aaaaaaa (11)"),
        ([made_by(A), made_by(B, error="no")], "aaaaaaa"),  # a failure has no figures
        ([], ""),
    ],
)
def test_code_is_the_digest_or_of_older_records_the_commit(records, codes):
    assert codes_of(records) == codes
    assert mark_of(codes) == (" ‡" if codes.count(",") else "")


def test_a_mixed_row_is_marked_and_its_commits_stand_in_the_foot():
    mixed = [made_by(A, seed=0), made_by(B, seed=1)]
    page = markdown(table([*mixed, made_by(A, seed=0, label="b"), made_by(A, seed=1, label="b")]))
    assert "| loans | a | by itself | 2 ‡ |" in page
    assert "| loans | b | by itself | 2 |" in page
    assert page.endswith("- ‡ seeds measured by different code, commits aaaaaaa, bbbbbbb\n")
    assert "‡" not in markdown(table(mixed[:1]))


def test_rows_are_named_where_they_are_of_other_codes():
    rows = [
        ("loans", "a, long", "1, 2"),
        ("adult", "a", "1, 2"),
        ("loans", "b", "1, 2"),
        ("loans", "c", "3, 4"),
        ("loans", "d", "3"),
    ]
    assert notes_on_code(rows) == [
        "- ‡ seeds measured by different code, commits 1, 2: loans: a, long; b. adult: a",
        "- ‡ seeds measured by different code, commits 3, 4: loans: c",
    ]
