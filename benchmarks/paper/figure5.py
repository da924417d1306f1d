"""Figure 5: the density that GenRe learns for one person, beside the density of all who are accepted.

python -m benchmarks.paper.figure5 [--quick] [--results DIR] [--no-run]

R(x+|x) of a denied person (the red dot) and P(x+|y+), which knows nobody (section 5.4): each model's own density of
eq. 7, in closed form. Written: figure5.json, which has both on a grid, and from it figure5.png, .svg, .md, .csv.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import yaml

from benchmarks.command import command_parser, exit_status, results_folder
from benchmarks.paper import interrupt
from benchmarks.paper.command import RESULTS
from benchmarks.paper.density import log_density
from benchmarks.paper.drawing import LINE, PERSON, draw_legend, new_figure, save
from benchmarks.paper.toys import TITLES, draw_ground, ground
from carla_genre.errors import InputError
from carla_genre.harness.markdown import markdown_table, number
from carla_genre.harness.record import environment, write_record
from carla_genre.io import write_text
from carla_genre.methods.registry import build_method
from carla_genre.protocol import Setting, prepare

NAMES = {
    "conditional": "conditional, R(x⁺ | x)",
    "unconditional": "unconditional, P(x⁺ | y⁺)",
}
# Each colour is the smallest region with so much of the density's mass.
SHARES = (0.9, 0.7, 0.5, 0.3, 0.1)
_PANEL = 2.9  # inches


def measure(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Train the models on each toy, and take their densities.

    Parameters
    ----------
    settings : mapping
        As figure5.yaml has it: ``toys``, ``seed``, ``people``, ``points``, ``models``.

    Returns
    -------
    dict
        Toy -> ``ground``; ``person``, x; ``axis``, the middles of ``points`` cells of [0, 1]; ``h``, whether it
        accepts each place; and for each of ``models`` its ``density``, one list a place of the second feature, its
        ``hyperparams``, ``best step`` and ``seconds`` of training.
    """
    return {toy: _measure(toy, settings) for toy in settings["toys"]}


def _measure(toy: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    setting = prepare(toy, settings["seed"], settings["people"])
    size = settings["points"]
    axis = (np.arange(size) + 0.5) / size
    plane = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    under = ground(setting)
    person = setting.factuals[under["features"]].to_numpy(dtype=float)[0]
    return {
        "ground": under,
        "person": person.tolist(),
        "axis": axis.round(6).tolist(),
        "h": (setting.mlmodel.predict(plane)[:, 0] > 0.5).reshape(size, size).astype(int).tolist(),
        "models": {
            name: _model(setting, entry, settings["seed"], person, plane)
            for name, entry in settings["models"].items()
        },
    }


def _model(
    setting: Setting, entry: Mapping[str, Any], seed: int, person: np.ndarray, plane: np.ndarray
) -> dict[str, Any]:
    hyperparams = {**entry["hyperparams"], "seed": seed, "threads": 1, "verbose": False}
    start = time.perf_counter()
    method: Any = build_method(entry["method"], setting.mlmodel, hyperparams)
    seconds = time.perf_counter() - start
    places = torch.from_numpy(plane)
    density = log_density(method.generator, torch.tensor(person).expand_as(places), places).exp()
    size = round(len(plane) ** 0.5)
    return {
        "hyperparams": method.hyperparams,
        "best step": method.history.best_step,
        "seconds": round(seconds, 2),
        "density": density.reshape(size, size).numpy().round(5).tolist(),
    }


def compared(figures: Mapping[str, Any]) -> pd.DataFrame:
    """What the picture shows in numbers, one row a toy and model.

    Returns
    -------
    DataFrame
        ``data``, ``model``; of the density over the unit box ``mass`` (1, but for the grid), ``Cost``, the mean L1
        distance from the person, ``accepted``, the mass where h accepts, and ``area``, the share of the box that holds
        half of the mass.
    """
    rows = []
    for toy, drawn in figures.items():
        axis, person = np.array(drawn["axis"]), np.array(drawn["person"])
        first, second = np.meshgrid(axis, axis)
        cost = abs(first - person[0]) + abs(second - person[1])
        for name, model in drawn["models"].items():
            density = np.array(model["density"])
            weights = density / density.sum()
            rows.append(
                {
                    "data": toy,
                    "model": name,
                    "mass": density.mean(),
                    "Cost": (weights * cost).sum(),
                    "accepted": (weights * np.array(drawn["h"])).sum(),
                    "area": (density >= level_of(density, 0.5)).mean(),
                }
            )
    return pd.DataFrame(rows)


def markdown(rows: pd.DataFrame) -> str:
    """The rows of :func:`compared` as Markdown. The paper gives no numbers for this figure."""
    lines = [
        [
            TITLES[row["data"]],
            row["model"],
            *(number(row[name], 2) for name in ("Cost", "accepted")),
            number(row["area"], 3),
        ]
        for row in rows.to_dict("records")
    ]
    head = ["data", "density", "mean Cost", "mass that h accepts", "area of half the mass"]
    told = (
        "Of the density over the unit box, for one denied person. The paper gives no numbers for this figure."
    )
    return f"{markdown_table(head, lines)}\n\n{told}\n"


def draw(figures: Mapping[str, Any], path: Path) -> tuple[Path, Path]:
    """Draw one row a toy, one column a model.

    Parameters
    ----------
    figures : mapping
        Of :func:`measure`.
    path : Path
        Of the files to write, without their suffix.

    Returns
    -------
    tuple of Path
        The PNG and the SVG.
    """
    figure = new_figure(0.3 + _PANEL * len(NAMES), 0.9 + _PANEL * len(figures))
    panels = figure.subplots(len(figures), len(NAMES), squeeze=False, sharex=True, sharey=True)
    for row, (toy, drawn) in enumerate(figures.items()):
        for column, (name, title) in enumerate(NAMES.items()):
            axes = panels[row, column]
            draw_ground(axes, drawn["ground"], size=6)
            density = np.array(drawn["models"][name]["density"])
            levels = [level_of(density, share) for share in SHARES]
            axes.contourf(
                drawn["axis"],
                drawn["axis"],
                density,
                levels=[*levels, max(density.max(), levels[-1] * 1.001)],
                colors=_colours(),
                alpha=0.85,
                zorder=3,
            )
            axes.scatter(*drawn["person"], s=130, color=PERSON, edgecolor="white", linewidth=1, zorder=5)
            if row == 0:
                axes.set_title(title)
            if column == 0:
                axes.set_ylabel(TITLES[toy])
    _legend(figure)
    return save(figure, path)


def level_of(density: np.ndarray, share: float) -> float:
    """The density above which so much of the mass is."""
    falling = np.sort(density.ravel())[::-1]
    mass = falling.cumsum()
    return float(falling[min(np.searchsorted(mass, share * mass[-1]), len(mass) - 1)])


def _colours() -> Any:
    from matplotlib import colormaps

    return colormaps["viridis_r"](np.linspace(0.1, 1, len(SHARES)))


def _legend(figure: Any) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries: dict[str, Any] = {
        f"{share:.0%}": Patch(color=colour) for share, colour in zip(SHARES, _colours(), strict=True)
    }
    entries["x, denied"] = Line2D([], [], linestyle="", marker="o", color=PERSON, markersize=9)
    entries["h = 0.5"] = Line2D([], [], color=LINE, linewidth=1.2)
    title = "smallest region that has so much of the mass"
    draw_legend(figure, entries, width=0.85, columnspacing=1.2, handlelength=1.2, title=title)


def settings_of(quick: bool) -> dict[str, Any]:
    """What figure5.yaml says."""
    content = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    smaller = content.pop("quick")
    return {**content, **(smaller if quick else {})}


def write(settings: Mapping[str, Any], path: Path, run: bool = True) -> str:
    """Measure what ``path`` with .json has not for these settings, then draw, and write Markdown and CSV.

    Raises
    ------
    InputError
        There is nothing to draw, and ``run`` is false.
    """
    record = path.with_suffix(".json")
    kept = json.loads(record.read_text(encoding="utf-8")) if record.exists() else None
    if kept is None or (run and kept["settings"] != settings):
        if not run:
            raise InputError(f"there is no {record} to draw from: leave --no-run out to make it")
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = {"settings": settings, "figures": measure(settings), "environment": environment()}
        write_record(record, kept)
    draw(kept["figures"], path)
    rows = compared(kept["figures"])
    text = markdown(rows)
    write_text(path.with_suffix(".md"), text)
    write_text(path.with_suffix(".csv"), rows.to_csv(index=False))
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, draw, print."""
    parser = command_parser("paper.figure5", __doc__, "results", "quick", "no-run")
    interrupt.raise_from_now_on()
    options = parser.parse_args(arguments)
    return exit_status("figure5", lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    folder = results_folder(options, RESULTS)
    print(write(settings_of(options.quick), folder / "figure5", run=not options.no_run))
    print(f"written: figure5 in {folder}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
