"""A record of a method of one's own says by which sources it was made."""

import sys

import pytest
from harness_cases import Log, here

from carla_genre.harness import Cell, read_grid, run_grid
from carla_genre.harness.child import run_in_subprocess
from carla_genre.harness.code import codes_of, of_other_code, own_digest


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """A module that lies alone and imports one beside it, another one, and a module in a package."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "mine_alone.py").write_text("import os\nfrom mine_beside import step\n")
    for name in ("mine_beside.py", "mine_other.py", "mine_package/__init__.py", "mine_package/search.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("step = 1\n")
    (tmp_path / "mine_package" / "networks").mkdir()
    (tmp_path / "mine_package" / "networks" / "deep.py").write_text("")
    yield tmp_path
    sys.modules.pop("mine_package", None)  # its parent is imported to find a module in it


def of(method="NNR", classifier="ann"):
    return Cell("moons", 0, "mine", method, classifier=classifier)


@pytest.mark.parametrize(
    ("changed", "cell"),
    [
        ("mine_alone.py", of("mine_alone:Search")),
        ("mine_beside.py", of("mine_alone:Search")),
        ("mine_package/search.py", of("mine_package.search:Search")),
        ("mine_package/networks/deep.py", of("mine_package:Search")),
        ("mine_other.py", of("mine_alone:Search", "mine_other:logistic")),
        ("mine_other.py", of(classifier="mine_other:logistic")),
    ],
)
def test_the_digest_changes_with_the_sources_of_the_cell_s_own(modules, changed, cell):
    before = own_digest(cell)
    (modules / changed).write_text("step = 2\n")
    assert own_digest(cell) != before


def test_it_stays_where_others_change(modules):
    cell = of("mine_alone:Search")
    before = own_digest(cell)
    (modules / "mine_other.py").write_text("step = 2\n")
    assert own_digest(cell) == before


@pytest.mark.parametrize(
    "method",
    ["GenRe", "Wachter", "carla_genre.methods.genre.method:GenRe", "no_such:Method", "json.no.such:Method"],
)
def test_what_is_of_this_package_or_of_none_has_no_digest_of_its_own(method):
    assert own_digest(of(method)) is None


def test_seeds_of_other_sources_of_one_s_own_are_of_several_codes():
    first, second = ({"environment": {"commit": "a" * 40, "code": "11", "own": own}} for own in ("22", "33"))
    assert codes_of([first, first]) == "aaaaaaa (11; own 22)"
    assert codes_of([first, second]) == "aaaaaaa (11; own 22), aaaaaaa (11; own 33)"


def test_a_record_is_of_other_code_as_far_as_it_says(modules):
    cell = of("mine_alone:Search")
    same = [{}, {"environment": {"own": own_digest(cell)}}]  # the first is an older record
    assert of_other_code((cell, record) for record in same) == []
    others = [(cell, {"environment": {"own": "0" * 12}}), (of(), {"environment": {"code": "0" * 12}})]
    assert of_other_code(others) == [cell, of()]


def test_a_run_that_goes_on_says_which_finished_cells_were_measured_by_other_code(grid_file, paths, tmp_path):
    def other(cell, paths, *rest):
        record = here(cell, paths)
        record["environment"] |= {"own": "0" * 12} if cell.label == "mine" else {}
        return record

    log = Log()
    cells = read_grid(grid_file({"mine": {"method": "misbehaving:Stay"}, "CopyFactual": None}))
    run_grid(cells, tmp_path, paths, progress=Log(), measure_one=other)
    run_grid(cells, tmp_path, paths, progress=log, measure_one=here)
    assert log.lines[0] == "2 of 2 cells are finished already"
    assert log.lines[1].startswith(
        "1 of them were measured by other code, and stay as they are: mine. To measure"
    )
    assert len(log.lines) == 2


@pytest.mark.slow
def test_a_cell_in_a_process_of_its_own_leaves_the_digest(grid_file, paths, tmp_path):
    cells = read_grid(grid_file({"mine": {"method": "misbehaving:Stay"}, "CopyFactual": None}))
    mine, ours = run_grid(cells, tmp_path, paths, progress=Log(), measure_one=run_in_subprocess)
    assert mine["environment"]["own"] == own_digest(cells[0])
    assert "own" not in ours["environment"]
