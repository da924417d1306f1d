"""What a record says of answers is the same on CARLA's release and on its repository's head."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from carla_genre.harness import Paths
from carla_genre.harness.cell import Cell
from carla_genre.harness.measure import measure

ROOT = Path(__file__).resolve().parents[2]
CELL = Cell("moons", 0, "NNR", "NNR", n_factuals=20, n_retrained=1)
SCRIPT = """
import json, sys
import carla_genre, carla
from carla_genre.harness.cell import Cell, Paths
from carla_genre.harness.measure import measure
record = measure(Cell(**json.loads(sys.argv[1])), Paths())
print(json.dumps({"carla": carla.__file__, "scores": record["scores"]}))
"""


def test_the_head_gives_the_figures_of_the_release():
    if "CARLA_HEAD" not in os.environ:
        pytest.skip("CARLA_HEAD names no checkout of CARLA's repository")
    path = os.pathsep.join([str(ROOT), os.environ["CARLA_HEAD"]])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, json.dumps(vars(CELL))],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["carla"].startswith(os.environ["CARLA_HEAD"])
    here = measure(CELL, Paths())["scores"]
    assert found["scores"].pop("violations") == here.pop("violations")
    assert found["scores"] == pytest.approx(here)
