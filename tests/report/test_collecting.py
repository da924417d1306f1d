"""What is a record, and which of two of one cell counts."""

import json
from dataclasses import asdict, replace

import pytest
from report_cases import failed, measured, write

from carla_genre.errors import InputError
from carla_genre.harness.cell import Cell
from carla_genre.report import write_report
from carla_genre.report.collecting import collect

CELL = Cell("loans", 0, "NNR", "NNR")


def test_folders_are_searched_with_those_inside_and_files_counted_once(tmp_path):
    write(tmp_path / "a" / "deep", measured(CELL))
    write(tmp_path / "b", measured(Cell("loans", 1, "NNR", "NNR")))
    collection = collect([tmp_path, tmp_path / "a", tmp_path / "b"])
    assert [one.cell["seed"] for one in collection.found] == [0, 1]
    assert collection.superseded == collection.skipped == []


def test_other_files_are_skipped_with_a_reason(tmp_path):
    write(tmp_path, measured(CELL))
    incomplete = {key: part for key, part in measured(CELL).items() if key != "scores"}
    for name, content in {
        "other.json": {"settings": {}, "figures": {}},
        "list.json": [1],
        "odd.json": {"cell": 3, "key": "k"},
        "short.json": {"cell": {"data": "loans"}, "key": "k"},
        "incomplete.json": incomplete,
        "silent.json": {**failed(CELL), "error": "text"},
    }.items():
        (tmp_path / name).write_text(json.dumps(content))
    (tmp_path / "broken.json").write_text('{"cell": ')
    (tmp_path / ".loansxyz.part").write_text("{")
    (tmp_path / "table.md").write_text("no JSON, not counted")
    collection = collect([tmp_path])
    assert len(collection.found) == 1
    reasons = {path.name: reason for path, reason in collection.skipped}
    assert set(reasons) == {
        *("other.json", "list.json", "odd.json", "short.json", "incomplete.json", "silent.json"),
        *("broken.json", ".loansxyz.part"),
    }
    assert "scores" in reasons["incomplete.json"]
    assert "unfinished" in reasons[".loansxyz.part"]


@pytest.mark.parametrize("kind", [measured, failed])
def test_a_part_of_another_kind_makes_it_no_record(tmp_path, kind):
    """The page takes these parts apart; None is a part that is not there."""
    parts = ["cell.seed", "cell.n_factuals", "setting", "seconds", "hyperparams", "peak_mb", "environment"]
    parts += ["scores.d"] if kind is measured else ["error.type", "error.message"]
    for number, part in enumerate(parts):
        record = kind(CELL)
        *above, last = part.split(".")
        holder = record[above[0]] if above else record
        holder[last] = ["odd"]
        (tmp_path / f"{number}.json").write_text(json.dumps(record))
    whole = {**kind(replace(CELL, seed=7)), "environment": None, "peak_mb": None}
    (tmp_path / "whole.json").write_text(json.dumps(whole))
    if kind is measured:  # whose seconds are of the clock or the processor, which the environment tells
        with pytest.raises(InputError, match=f"no records .* {len(parts) + 1} other files"):
            write_report([tmp_path], tmp_path / "report.html")
    else:
        collection = write_report([tmp_path], tmp_path / "report.html")
        assert (len(collection.found), len(collection.skipped)) == (1, len(parts))


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("cell.label_noise", ["a"]),
        ("cell.table", "\ud800"),
        ("environment.time", "\ud800"),
        ("constrained.scores.cost", 10**400),
        ("scores.cost", 10**400),
        ("seconds.answer", "long"),
    ],
)
def test_a_damaged_value_stops_no_page(tmp_path, part, value):
    write(tmp_path, measured(replace(CELL, seed=7)))
    record = measured(CELL, held=2.0, given={"gpu": "one"})
    *above, last = part.split(".")
    holder = record
    for name in above:
        holder = holder[name]
    holder[last] = value
    (tmp_path / "damaged.json").write_text(json.dumps(record))
    collection = write_report([tmp_path], tmp_path / "report.html")
    assert len(collection.found) == 1
    assert "damaged.json" in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_records_of_a_cell_the_measured_then_the_newer_counts(tmp_path, order):
    old = measured(CELL, given={"time": "2026-01-01T00:00:00+00:00"}, val=0.25)
    new = measured(CELL, given={"time": "2026-02-01T00:00:00+00:00"}, val=0.5)
    wrong = failed(CELL, time="2026-03-01T00:00:00+00:00")
    write(tmp_path, *[old, new, wrong][::order])
    collection = collect([tmp_path])
    assert [one.record["scores"]["val"] for one in collection.found] == [0.5]
    assert len(collection.superseded) == 2


def test_what_else_a_record_holds_makes_no_other_cell(tmp_path):
    plain, with_answers = Cell("loans", 0, "NNR", "NNR"), Cell("loans", 0, "NNR", "NNR", answers=True)
    assert plain.key != with_answers.key
    write(tmp_path, measured(plain), measured(with_answers))
    collection = collect([tmp_path])
    assert (len(collection.found), len(collection.superseded)) == (1, 1)


def test_a_record_of_another_format_or_version_is_known_by_its_key(tmp_path):
    old = {**measured(Cell("loans", 1, "NNR", "NNR")), "key": "000000000000"}
    newer = measured(Cell("loans", 2, "NNR", "NNR"))
    newer["cell"]["weather"] = "fair"
    newer["key"] = "111111111111"
    bare = measured(Cell("loans", 3, "NNR", "NNR"))
    bare["cell"] = {key: asdict(CELL)[key] for key in ("data", "label", "method")} | {"seed": 3}
    write(tmp_path, measured(CELL), old, newer, bare)
    found = {one.cell["seed"]: one for one in collect([tmp_path]).found}
    assert {seed: one.current for seed, one in found.items()} == {0: True, 1: False, 2: False, 3: True}
    assert found[2].cell["weather"] == "fair"
    assert found[3].cell["n_factuals"] == 200


def test_no_record_is_one_error_with_the_command_that_makes_some(tmp_path):
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(InputError, match=r"no records in .*, 1 other files.*carla-genre benchmark .*--quick"):
        collect([tmp_path])
    with pytest.raises(InputError, match=r"no folder .*nowhere.*carla-genre benchmark"):
        collect([tmp_path / "nowhere"])
    with pytest.raises(InputError, match="no folder aaaa"):
        collect(["a" * 5000])
