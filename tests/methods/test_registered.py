"""Methods that installed packages register by an entry point."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from method_cases import Logistic, denied

from carla_genre import InputError, available_methods, build_method
from carla_genre.evaluation.environment import versions
from carla_genre.harness.grid import read_grid

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: Path) -> Install:
    """Have a distribution that registers one method, the template's; its modules are importable."""

    def have(name: str, distribution: str = "turn-back", value: str = "turn_back:TurnBack") -> None:
        info = tmp_path / f"{distribution.replace('-', '_')}-0.1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 0.1.0\n")
        (info / "entry_points.txt").write_text(f"[carla_genre.methods]\n{name} = {value}\n")

    monkeypatch.syspath_prepend(str(repository / "examples" / "own_method"))
    monkeypatch.syspath_prepend(str(tmp_path))
    return have


def test_a_registered_method_is_found_by_its_name(install: Install, mlmodel: Logistic) -> None:
    assert "TurnBack" not in available_methods()
    install("TurnBack")
    assert available_methods()["TurnBack"].origin == "turn-back"
    answers = build_method("TurnBack", mlmodel, {"steps": 8}).get_counterfactuals(denied(mlmodel))
    assert answers.notna().any().all()
    with pytest.raises(InputError, match="'step': did you mean 'steps'"):
        build_method("TurnBack", mlmodel, {"step": 8})
    with pytest.raises(InputError, match="'Turnback': did you mean 'TurnBack'"):
        build_method("Turnback", mlmodel)


def test_a_grid_takes_it_and_a_record_says_its_version(install: Install, tmp_path: Path) -> None:
    install("TurnBack")
    grid = tmp_path / "grid.yaml"
    grid.write_text("data: [adult]\nrecourse_methods:\n  TurnBack: {hyperparams: {steps: 8}}\n")
    assert [cell.method for cell in read_grid(grid)] == ["TurnBack"]
    assert versions()["turn-back"] == "0.1.0"


@pytest.mark.parametrize(
    ("name", "holder"), [("GenRe", "carla-genre"), ("Wachter", "CARLA"), ("TurnBack", "turn-back")]
)
def test_a_name_that_is_taken_is_refused_with_both_packages(name: str, holder: str, install: Install) -> None:
    install("TurnBack")
    install(name, "another")
    with pytest.raises(InputError, match=f"another.*{name}|turn-back.*another") as raised:
        available_methods()
    assert holder in str(raised.value)


def test_a_method_whose_class_is_gone_is_named(install: Install, mlmodel: Logistic) -> None:
    install("TurnBack", value="turn_back:Gone")
    assert "TurnBack" in available_methods()
    with pytest.raises(InputError, match=r"turn_back:Gone"):
        build_method("TurnBack", mlmodel)


def test_the_guide_shows_the_template(repository: Path) -> None:
    template = (repository / "examples" / "own_method" / "turn_back.py").read_text(encoding="utf-8")
    _, code = template.split('"""\n\n', 1)
    assert f"```python\n{code}```" in (repository / "docs" / "add_a_method.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_template_installs_and_passes_its_test(repository: Path, tmp_path: Path) -> None:
    template, site = repository / "examples" / "own_method", tmp_path / "site"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
    ]
    copy = tmp_path / "own_method"
    copy.mkdir()
    for file in template.iterdir():
        if file.is_file():
            (copy / file.name).write_bytes(file.read_bytes())
    subprocess.run([*pip, "--target", str(site), str(copy)], check=True)
    path = os.pathsep.join([str(site), str(repository)])
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_turn_back.py"],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "8 passed" in ran.stdout
