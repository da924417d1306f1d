"""Pictures are drawn from any figures, and matplotlib is asked for by name where it is absent."""

import subprocess
import sys

import pytest

from carla_genre.demo import plotting
from carla_genre.errors import MissingDependencyError
from carla_genre.evaluation.score import Scores
from carla_genre.evaluation.violations import Violations

NAN = float("nan")


def figures(cost, score):
    return Scores(cost, 0.5, 0.5, 0.5, score, 1.0, 4, Violations(0, 0, 0, 0, 0))


def test_a_method_without_an_answer_is_left_out_of_the_points(tmp_path):
    scores = {"good": figures(1.0, 0.75), "none": figures(NAN, NAN)}
    frequencies = {name: {"age": 0.5, "sex": 0.0} for name in scores}
    plotting.compare_methods(tmp_path / "a.png", scores, frequencies, ["sex"], "two methods")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_no_method_answered_anybody(tmp_path):
    plotting.compare_methods(
        tmp_path / "a.svg", {"none": figures(NAN, NAN)}, {"none": {"age": 0.0}}, [], "none"
    )
    picture = (tmp_path / "a.svg").read_text()
    assert "<svg" in picture


def test_without_matplotlib_the_error_has_the_command(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "matplotlib.figure", raising=False)
    with pytest.raises(MissingDependencyError, match=r"pip install 'carla-genre\[plot\]'"):
        plotting.compare_methods(tmp_path / "a.png", {"m": figures(1.0, 1.0)}, {"m": {"age": 1.0}}, [], "m")


def test_importing_plotting_does_not_import_matplotlib():
    code = "import sys, carla_genre.demo.plotting; print('matplotlib' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "False"


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_shares_at_the_ends_are_drawn(tmp_path, share):
    plotting.compare_methods(
        tmp_path / "a.png", {"m": figures(0.0, 1.0)}, {"m": {"age": share}}, ["age"], "ends"
    )
    assert (tmp_path / "a.png").stat().st_size > 5000
