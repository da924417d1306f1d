"""Each script in examples/ runs as it stands (GenRe trains for fewer steps) and prints something."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.py"))


# They train longest; .ci/run has them all.
SLOW = {"without_this_package", "own_pipeline", "constraints", "group_report", "in_carla"}


def test_there_are_examples() -> None:
    names = {script.stem for script in SCRIPTS}
    assert {"quickstart", "own_pipeline", "constraints", "group_report", "in_carla"} <= names
    assert names >= SLOW


@pytest.mark.parametrize("name", ["quickstart", *sorted(SLOW)])
def test_an_example_is_a_notebook_too(name: str) -> None:
    (script,) = (one for one in SCRIPTS if one.stem == name)
    text = script.read_text(encoding="utf-8")
    assert "formats: py:percent" in text.split("# %%")[0]
    cells = [cell.splitlines() for cell in text.split("\n# %%")[1:]]
    told = [cell for cell in cells if cell[0] == " [markdown]"]
    assert told[0][1].startswith("# # ")
    assert all(line.startswith("#") or not line for cell in told for line in cell[1:])
    assert len(told) >= len(cells) / 2


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
