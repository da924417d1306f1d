"""Figure 5: densities that integrate to one, the numbers beside the picture, and the picture from its JSON alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.paper import figure5
from carla_genre.methods.registry import hyperparameters_of

pytest.importorskip("matplotlib")

SIZE = 50


def drawn(**densities: np.ndarray) -> dict[str, Any]:
    """Figures of one toy whose person stands in the corner, and whose h accepts the right half."""
    axis = (np.arange(SIZE) + 0.5) / SIZE
    ground = {"features": ["a", "b"], "rows": [[0.2, 0.8], [0.7, 0.3]], "labels": [0, 1], "axis": [0, 1]}
    return {
        "moons": {
            "ground": {**ground, "h": [[0.0, 1.0], [0.0, 1.0]]},
            "person": [0.0, 0.0],
            "axis": axis.tolist(),
            "h": np.tile(axis > 0.5, (SIZE, 1)).astype(int).tolist(),
            "models": {name: {"density": density.tolist()} for name, density in densities.items()},
        }
    }


def bump(x: float, y: float) -> np.ndarray:
    axis = (np.arange(SIZE) + 0.5) / SIZE
    density = np.exp(-(((axis[None] - x) ** 2 + (axis[:, None] - y) ** 2) / 0.01))
    return density / density.mean()


def test_the_numbers_are_those_of_known_densities() -> None:
    flat = np.ones((SIZE, SIZE))
    rows = figure5.compared(drawn(conditional=flat, unconditional=bump(0.75, 0.25))).set_index("model")
    assert rows["mass"].tolist() == pytest.approx([1, 1])
    assert rows["Cost"].tolist() == pytest.approx([1, 1], abs=1e-6)  # both are as far from the corner
    assert rows["accepted"].tolist() == pytest.approx([0.5, 1], abs=1e-3)
    # Half of a normal density's mass lies within 1.1774 deviations of its mean.
    assert rows["area"]["conditional"] == 1
    assert rows["area"]["unconditional"] == pytest.approx(np.pi * 1.1774**2 * 0.005, abs=0.003)


@pytest.mark.parametrize("share", figure5.SHARES)
def test_a_level_encloses_its_share_of_the_mass(share: float) -> None:
    density = np.random.default_rng(0).exponential(size=(60, 60))
    level = figure5.level_of(density, share)
    assert density[density >= level].sum() / density.sum() == pytest.approx(share, abs=0.01)
    assert density[density > level].sum() / density.sum() < share


def test_the_same_figures_give_the_same_bytes(tmp_path: Path) -> None:
    one = drawn(conditional=bump(0.3, 0.3), unconditional=bump(0.7, 0.7))
    first = [page.read_bytes() for page in figure5.draw(one, tmp_path / "one")]
    assert [page.read_bytes() for page in figure5.draw(one, tmp_path / "again")] == first
    other = drawn(conditional=bump(0.3, 0.4), unconditional=bump(0.7, 0.7))
    assert figure5.draw(other, tmp_path / "other")[1].read_bytes() != first[1]


@pytest.mark.slow
def test_the_models_densities_are_measured_once_and_drawn_from_the_json(
    tmp_path: Path,
) -> None:
    settings = figure5.settings_of(quick=True)
    for model in settings["models"].values():
        model["hyperparams"]["training"]["epochs"] = 3
    first = figure5.write(settings, tmp_path / "figure5")
    kept = json.loads((tmp_path / "figure5.json").read_text())
    for model in kept["figures"]["moons"]["models"].values():
        assert np.mean(model["density"]) == pytest.approx(1, abs=0.02)  # over the unit box
        assert model["hyperparams"]["training"]["epochs"] == 3
    assert kept["figures"]["moons"]["models"]["conditional"]["hyperparams"]["preset"] == "paper"
    assert {"versions", "commit"} <= set(kept["environment"])
    written = (tmp_path / "figure5.json").stat().st_mtime_ns
    assert figure5.write(settings, tmp_path / "figure5") == first
    assert (tmp_path / "figure5.json").stat().st_mtime_ns == written
    assert "| Moons | conditional |" in first
    assert all((tmp_path / f"figure5.{kind}").stat().st_size > 0 for kind in ("png", "svg", "md", "csv"))


def test_nothing_to_draw_from_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert figure5.main(["--no-run", "--results", str(tmp_path)]) == 2
    assert "leave --no-run out" in capsys.readouterr().err


@pytest.mark.parametrize("quick", [False, True])
def test_the_unconditional_model_has_twice_the_layers(quick: bool) -> None:
    models = figure5.settings_of(quick)["models"]
    assert set(models) == set(figure5.NAMES)
    for model in models.values():
        hyperparameters_of(model["method"], model["hyperparams"])  # raises where one is wrong
    layers = {name: model["hyperparams"]["architecture"] for name, model in models.items()}
    assert layers["unconditional"]["decoder_layers"] == sum(layers["conditional"].values())


def test_the_published_page_is_that_of_its_json(repository: Path) -> None:
    folder = repository / "benchmarks" / "results" / "paper"
    kept = json.loads((folder / "figure5.json").read_text())
    assert kept["settings"] == figure5.settings_of(quick=False)
    rows = figure5.compared(kept["figures"])
    assert (folder / "figure5.md").read_text(encoding="utf-8") == figure5.markdown(rows)
    assert rows["mass"].tolist() == pytest.approx([1] * len(rows), abs=0.01)


@pytest.mark.slow
def test_quick(tmp_path: Path, repository: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.paper.figure5", "--quick", "--results", str(tmp_path)]
    subprocess.run(command, cwd=repository, check=True, timeout=600)
    assert (tmp_path / "figure5.png").stat().st_size > 0
