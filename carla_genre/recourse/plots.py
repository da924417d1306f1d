"""Pictures of recommendations by matplotlib (extra `plot`)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.errors import InputError
from carla_genre.generator.training_state import History
from carla_genre.loading import load_extra
from carla_genre.recourse.found import Found
from carla_genre.recourse.words import label_of, people_of, summary_of

# A palette for colour-blind readers; the markers differ as well.
BLUE = "#0072B2"
STATES = (
    ("refused by a constraint", "#999999", "x", 22),
    ("refused by the classifier", "#D55E00", "v", 22),
    ("accepted", BLUE, "o", 22),
    ("chosen", "#000000", "*", 160),
)


def plot_person(found: Found, person: Any) -> Any:
    """One person's options: a bar for each changed feature, with the cells before and after. A matplotlib Figure.

    Raises
    ------
    InputError
        There is no such person, or no option for them.
    """
    named = next((one for one in people_of(found) if one.label == label_of(person)), None)
    if named is None:
        raise InputError(f"there is no person {person!r}")
    options = named.options
    if not options:
        raise InputError(f"there is no option for {named.label}: {named.status}")
    figure, every = _axes(len(options), 1.2 + 0.45 * sum(len(one.changes) for one in options))
    for axes, option in zip(every, options, strict=True):
        names = [plain_text(change.feature) for change in option.changes][::-1]
        axes.barh(names, [change.share for change in option.changes][::-1], color=BLUE)
        for place, change in enumerate(option.changes[::-1]):
            axes.text(
                0.01,
                place,
                plain_text(f"{change.before} → {change.after}  {change.difference}"),
                va="center",
                fontsize=9,
                bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 1.5},
            )
        axes.set(
            xlim=(0, 1.05),
            xticks=[],
            title=f"option {option.number}: h {option.h:.3g}, cost {option.cost:.2f}",
        )
    return figure


def plot_group(found: Found) -> Any:
    """In how many first options each feature changes, and their cost against h. A matplotlib Figure."""
    lines = summary_of(found)[::-1]
    height = 0.8 + 0.35 * max(1, len(lines))
    figure, (above, below) = _axes(2, height + 3.6, [height, 3.6])
    above.barh([plain_text(line.feature) for line in lines], [line.share for line in lines], color=BLUE)
    above.set(xlim=(0, 1), xlabel="share of the people with options", title="what first options change")
    numbers = found.figures["option"].to_numpy()
    changed = found.figures["changes"].to_numpy() > 0
    for number, marker in zip(np.unique(numbers[changed]), itertools.cycle("osD^vP*")):
        part = found.figures[(numbers == number) & changed]
        below.scatter(part["cost"], part["h"], s=18, alpha=0.6, marker=marker, label=f"option {number}")
    below.set(xlabel="cost", ylabel="the classifier says", title="cost against the classifier's certainty")
    if changed.any():
        below.legend()
    return figure


def plot_candidates(candidates: pd.DataFrame) -> Any:
    """One person's :meth:`carla_genre.Recourse.candidates` in the plane of cost and P(valid). A matplotlib Figure."""
    figure, (axes,) = _axes(1, 4.5)
    for state, colour, marker, size in STATES:
        part = candidates[candidates["state"] == state]
        if len(part):
            label = f"{state} ({len(part)})"
            axes.scatter(
                part["cost"], part["valid"], s=size, c=colour, marker=marker, alpha=0.75, label=label
            )
    axes.set(xlabel="cost", ylabel="P(valid)", ylim=(-0.03, 1.03), title="candidates of one person")
    axes.legend()
    return figure


def plot_training(history: History | None) -> Any:
    """The losses of the training. A matplotlib Figure.

    Raises
    ------
    InputError
        A loaded generator has no history.
    """
    if history is None:
        raise InputError("there is no history: a loaded generator was not trained here")
    figure, (axes,) = _axes(1, 3.5)
    axes.plot(history.step, history.train, marker="o", label="train")
    axes.plot(history.step, history.validation, marker="s", label="held-out pairs")
    axes.axvline(history.best_step, linestyle=":", color="grey", label="weights kept")
    axes.set(xlabel="step", ylabel="-log R(x+|x)")
    axes.legend()
    return figure


def plain_text(text: str) -> str:
    """A text for matplotlib, which would set what is between two dollars as a formula."""
    return text.replace("$", r"\$")


def _axes(rows: int, height: float, ratios: Sequence[float] | None = None) -> tuple[Any, Sequence[Any]]:
    figure_of = load_extra("plot", "plots of recommendations", "matplotlib.figure").Figure
    figure = figure_of(figsize=(7, height), layout="constrained")
    return figure, figure.subplots(rows, 1, squeeze=False, height_ratios=ratios)[:, 0]
