"""The ground that figures 2 and 5 are drawn on: a toy's training rows, and h over the plane."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.paper.drawing import ACCEPTED, DENIED, LINE
from carla_genre.protocol import Setting
from carla_genre.protocol.data import input_columns

TITLES = {"circles": "Circles", "moons": "Moons", "corr": "Correlated pair"}
# Of the scaled space, in which the training rows fill the unit box.
LEAST, MOST = -0.15, 1.15
POINTS = 79


def ground(setting: Setting) -> dict[str, Any]:
    """What lies under people and answers.

    Parameters
    ----------
    setting : Setting
        On a data set of two continuous features.

    Returns
    -------
    dict
        In JSON's types: ``features``, their names; ``rows`` and ``labels``, the training rows and their drawn labels;
        ``axis``, P numbers; ``h``, P lists of P probabilities, one list a place of the second feature.
    """
    names = input_columns(setting.data)
    rows = setting.data.df_train
    axis = np.linspace(LEAST, MOST, POINTS)
    plane = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    probability = setting.mlmodel.predict(plane)[:, 0].reshape(POINTS, POINTS)
    return {
        "features": names,
        "rows": rows[names].to_numpy().round(4).tolist(),
        "labels": rows[setting.data.target].astype(int).tolist(),
        "axis": axis.round(6).tolist(),
        "h": probability.astype(float).round(4).tolist(),
    }


def draw_ground(axes: Any, under: Mapping[str, Any], size: float = 3) -> None:
    """Draw what :func:`ground` gave into one panel, of equal axes without ticks.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    under : mapping
    size : float
        Of a training row's dot, in points squared.
    """
    rows, accepted = np.array(under["rows"]), np.array(under["labels"]) == 1
    for chosen, colour in ((~accepted, DENIED), (accepted, ACCEPTED)):
        # As a picture inside the SVG: hundreds of dots a panel are no drawing.
        axes.scatter(*rows[chosen].T, s=size, color=colour, linewidth=0, rasterized=True)
    axes.contour(under["axis"], under["axis"], under["h"], levels=[0.5], colors=LINE, linewidths=0.9)
    axes.set(xlim=(LEAST, MOST), ylim=(LEAST, MOST), xticks=[], yticks=[], aspect="equal")
