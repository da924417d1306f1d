"""Each script in examples/ runs as it stands (GenRe trains for fewer steps) and prints something."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.py"))


# They train longest; .ci/run has them all.
SLOW = {"without_this_package", "what_may_change", "compare_methods", "train_once"}


def test_there_are_examples() -> None:
    assert len(SCRIPTS) >= 4


@pytest.mark.parametrize(
    "script",
    [pytest.param(script, marks=pytest.mark.slow if script.stem in SLOW else ()) for script in SCRIPTS],
    ids=lambda script: script.stem,
)
def test_example_runs(
    script: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fewer_steps: None,
) -> None:
    pytest.importorskip("carla")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CF_MODELS", str(tmp_path / "models"))
    runpy.run_path(str(script), run_name="__main__")
    assert capsys.readouterr().out.strip()
