"""What is started in a folder runs none of its files in place of a library, and finds the user's own modules."""

import multiprocessing
import os
import subprocess
import sys

import pytest

from carla_genre.children import python_command, safe_environment

OWN = """
import calendar, contextlib, pathlib, pickle, random
def main(text):
    pathlib.Path(text).write_text(calendar.month_name[1])
"""


@pytest.mark.parametrize("first", [True, False])
def test_no_file_of_the_current_folder_hides_a_library(tmp_path, monkeypatch, first):
    for name in ("calendar", "contextlib", "pathlib", "pickle", "random", "torch", "numpy", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong module')")
    (tmp_path / "own.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path] if first else [*sys.path, str(tmp_path)])
    subprocess.run(python_command("own:main", "out"), check=True)
    assert (tmp_path / "out").read_text() == "January"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 has no such setting")
def test_processes_that_others_start_do_not_either(tmp_path, monkeypatch):
    for name in ("pickle", "socket", "signal", "tempfile"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong module')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    with safe_environment():
        process = multiprocessing.get_context("spawn").Process(target=os.getpid)
        process.start()
        process.join(60)
    assert process.exitcode == 0
    assert "PYTHONSAFEPATH" not in os.environ
