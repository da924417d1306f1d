"""A small table and methods of our own: cells run in processes that see neither fixtures nor monkeypatches."""

import sys
from pathlib import Path

import pytest
import yaml
from protocol_cases import few_trees, loans

from carla_genre.harness import Paths, run_grid

# For `harness_cases`, and for `misbehaving`, which the cells' processes import too.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="module", autouse=True)
def quick_gold():
    with few_trees():
        yield


@pytest.fixture(scope="session")
def desk(tmp_path_factory):
    """A folder with loans.csv, and a cache that all tests of the session share."""
    folder = tmp_path_factory.mktemp("desk")
    loans(240, 0).to_csv(folder / "loans.csv", index=False)
    return folder


@pytest.fixture
def grid_file(desk, request):
    """Writes a grid beside loans.csv."""
    from harness_cases import LOANS

    def write(methods, **grid):
        content = {
            "data": [LOANS],
            "seeds": [0],
            "people": 5,
            "retrained": 0,
            "recourse_methods": methods,
            **grid,
        }
        path = desk / f"{request.node.name[:60].replace('/', '_').replace('[', '_')}.yaml"
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        return path

    return write


@pytest.fixture
def paths(desk):
    return Paths(tables=str(desk), cache=str(desk / "cache"))


@pytest.fixture
def run(paths, tmp_path):
    from harness_cases import Log, here

    def run(cells, folder="records", **options):
        return run_grid(
            cells, tmp_path / folder, paths, **{"measure_one": here, "progress": Log(), **options}
        )

    return run
