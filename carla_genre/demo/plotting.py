"""The picture that compares the methods of the demo."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from carla_genre.loading import load_extra
from carla_genre.recourse.plots import plain_text

if TYPE_CHECKING:
    from carla_genre.evaluation.score import Scores

# A palette for colour-blind readers; the markers differ as well.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKERS = "osD^vP*"
_BROKEN = "#B00020"


def compare_methods(
    path: str | os.PathLike[str],
    scores: Mapping[str, Scores],
    frequencies: Mapping[str, Mapping[str, float]],
    immutable: Sequence[str],
    title: str,
) -> None:
    """Draw methods side by side, each with its ``scores``: cost against validity and LOF, and what they change.

    The path's suffix decides the format. ``frequencies`` has the share of a method's answers in which a feature
    changes. ``immutable`` features, which must not change, are marked.

    Raises
    ------
    MissingDependencyError
        matplotlib is not installed.
    """
    features = list(next(iter(frequencies.values())))
    height = max(4.2, 1.6 + 0.3 * len(features))
    figure = load_extra("plot", "a picture", "matplotlib.figure").Figure(
        figsize=(13, height), layout="constrained"
    )
    figure.suptitle(plain_text(title), fontsize=13)
    left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1, 1.15))
    _trade_off(left, scores, "val", "Val: share that the gold classifier accepts")
    _trade_off(middle, scores, "lof", "LOF: share of inliers among the accepted")
    _changes(right, frequencies, features, set(immutable))
    figure.savefig(path, dpi=140)


def _trade_off(axes: Any, scores: Mapping[str, Scores], measure: str, label: str) -> None:
    """One point a method: up is better, left is cheaper."""
    widest = 0.0
    for position, (name, score) in enumerate(scores.items()):
        share = score.cost / (score.d or 1)
        if np.isnan(share):
            continue
        widest = max(widest, share)
        axes.scatter(
            share,
            getattr(score, measure),
            s=110,
            color=_COLOURS[position % len(_COLOURS)],
            marker=_MARKERS[position % len(_MARKERS)],
            label=f"{name} (Score {score.score:.2f})",
            edgecolor="white",
            linewidth=0.8,
            zorder=3,
            clip_on=False,
        )
    axes.set_xlim(0, widest * 1.25 or 1)
    axes.set_ylim(0, 1.03)
    axes.set_xlabel("Cost / d (L1 in the scaled space)")
    axes.set_ylabel(label)
    axes.set_title("Up and left is better", fontsize=10)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.collections:
        axes.legend(loc="lower right", fontsize=9, frameon=True)


def _changes(
    axes: Any, frequencies: Mapping[str, Mapping[str, float]], features: Sequence[str], immutable: set[str]
) -> None:
    """Methods x features, the share of answers that change the feature."""
    from matplotlib.patches import Rectangle

    methods = list(frequencies)
    shares = np.array([[frequencies[method][feature] for method in methods] for feature in features])
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for row, column in np.ndindex(*shares.shape):
        share = shares[row, column]
        broken = share > 0 and features[row] in immutable
        if broken:
            axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, color=_BROKEN))
        colour = "white" if broken or share > 0.55 else "black"
        text = f"{share:.0%}" if share == 0 or share >= 0.005 else "<1%"
        weight = "bold" if broken else "normal"
        axes.text(column, row, text, ha="center", va="center", fontsize=9, color=colour, fontweight=weight)
    axes.set_xticks(range(len(methods)), methods)
    names = [f"{feature} (immutable)" if feature in immutable else feature for feature in features]
    axes.set_yticks(range(len(features)), list(map(plain_text, names)))
    axes.tick_params(length=0)
    axes.set_title("Share of answers that change the feature\n(red: it must not)", fontsize=10)
    axes.spines[:].set_visible(False)
