"""The pictures of a setting, as places and texts that the page's template draws as SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from carla_genre.harness.table import AS_ANSWERED, HELD
from carla_genre.report.axes import Label, Scale, linear, logarithmic, place_labels
from carla_genre.report.grouping import Configuration, Setting

WIDTH, HEIGHT = 640, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 12, 44
_ROW = 22
# Seconds below which a method is as good as instant; a logarithm needs an end.
_LEAST_S = 1e-3


@dataclass(frozen=True)
class Point:
    """A method's means over seeds.

    Attributes
    ----------
    x, y : float
        Its place.
    bars : list of (x1, y1, x2, y2)
        One standard deviation to both sides.
    kind : str
        How the constraints are kept, as the table says it.
    name, tooltip, anchor : str
        The method, its figures in words, and the part of the page that has its configuration.
    label : Label
    """

    x: float
    y: float
    bars: list[tuple[float, float, float, float]]
    kind: str
    name: str
    tooltip: str
    anchor: str
    label: Label


@dataclass(frozen=True)
class Scatter:
    """One measure against another.

    Attributes
    ----------
    title, x_title, y_title : str
    x, y : Scale
    points : list of Point
    moves : list of (x1, y1, x2, y2)
        From a method's answers as they are to those that hold the constraints.
    """

    title: str
    x_title: str
    y_title: str
    x: Scale
    y: Scale
    points: list[Point]
    moves: list[tuple[float, float, float, float]]
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True)
class _Spread:
    """A mean over seeds and its standard deviation, 0 where one seed has none."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, row: Mapping[str, Any], measure: str, divisor: float = 1.0) -> _Spread:
        deviation = row[f"{measure} std"]
        return cls(row[measure] / divisor, deviation / divisor if math.isfinite(deviation) else 0.0)

    @property
    def low(self) -> float:
        return self.mean - self.deviation

    @property
    def high(self) -> float:
        return self.mean + self.deviation

    def __str__(self) -> str:
        return f"{self.mean:.3g}" + (f" ± {self.deviation:.2g}" if self.deviation else "")


def scatter(setting: Setting, measure: str) -> Scatter:
    """Cost / d against a measure of the table, a point for each of its rows that has both."""
    rows = [
        (
            configuration,
            row["constraints"],
            _Spread.of(row, "Cost", _features(configuration)),
            _Spread.of(row, measure),
        )
        for configuration in setting.configurations
        for row in configuration.figures.to_dict("records")
        if math.isfinite(row["Cost"]) and math.isfinite(row[measure])
    ]
    x = linear([0.0, *(end for *_, cost, _ in rows for end in (cost.low, cost.high))], _LEFT, WIDTH - _RIGHT)
    y = linear([end for *_, share in rows for end in (share.low, share.high)], HEIGHT - _BOTTOM, _TOP)
    labels = _labels([(c.name, kind, x(cost.mean), y(share.mean)) for c, kind, cost, share in rows])
    points = [
        Point(
            x(cost.mean),
            y(share.mean),
            _bars(x, y, cost, share),
            kind,
            configuration.name,
            f"{configuration.name}, {kind}: {measure} {share}, Cost / d {cost}",
            configuration.anchor,
            label,
        )
        for (configuration, kind, cost, share), label in zip(rows, labels, strict=True)
    ]
    title = f"{measure} against Cost / d, {setting.name}"
    return Scatter(
        title, "Cost / d, lower is better", f"{measure}, higher is better", x, y, points, _moves(points)
    )


def _features(configuration: Configuration) -> float:
    """The d of Cost / d; NaN where all seeds failed."""
    return next((float(one.record["scores"]["d"]) for one in configuration.found if not one.failed), math.nan)


def _bars(x: Scale, y: Scale, cost: _Spread, share: _Spread) -> list[tuple[float, float, float, float]]:
    """One deviation to both sides, where there is one."""
    across = (x(cost.low), y(share.mean), x(cost.high), y(share.mean))
    up = (x(cost.mean), y(share.low), x(cost.mean), y(share.high))
    return [bar for bar, spread in ((across, cost), (up, share)) if spread.deviation]


def _labels(points: Sequence[tuple[str, str, float, float]]) -> list[Label]:
    """Answers that do not hold the constraints are named when they are pointed at."""
    shown = [(x, y, "" if kind == AS_ANSWERED else name) for name, kind, x, y in points]
    # Placed from the left: the cheap methods, where it is dense, choose first.
    order = sorted(range(len(shown)), key=lambda i: shown[i][0])
    placed = place_labels([shown[i] for i in order], WIDTH, HEIGHT - _BOTTOM)
    labels = dict(zip(order, placed, strict=True))
    return [replace(labels[i], shown=labels[i].shown and bool(text)) for i, (_, _, text) in enumerate(shown)]


def _moves(points: Sequence[Point]) -> list[tuple[float, float, float, float]]:
    ends = {(point.anchor, point.kind): point for point in points}
    return [
        (point.x, point.y, ends[anchor, HELD].x, ends[anchor, HELD].y)
        for (anchor, kind), point in ends.items()
        if kind == AS_ANSWERED and (anchor, HELD) in ends
    ]


@dataclass(frozen=True)
class Mark:
    """Seconds of one kind: place, deviation to both sides, in words."""

    x: float
    low: float
    high: float
    kind: str
    tooltip: str


@dataclass(frozen=True)
class TimingRow:
    """A method's seconds: where its line is, whose it is, and its marks."""

    y: float
    name: str
    anchor: str
    marks: list[Mark]


@dataclass(frozen=True)
class Timings:
    """Seconds of training and of answering, a line for each method, the fastest in all first."""

    title: str
    x: Scale
    left: float
    rows: list[TimingRow]
    width: int
    height: int


def timings(setting: Setting) -> Timings:
    """The seconds of all methods that were measured."""
    measured = [(c, c.figures.iloc[0]) for c in setting.configurations if c.figures["seeds"].iloc[0]]
    measured.sort(key=lambda pair: pair[1]["prepare s"] + pair[1]["answer s"])
    kinds = {"training": "prepare s", "answering": "answer s"}
    seconds = [float(row[name]) for _, row in measured for name in kinds.values()]
    left = 20 + 7.4 * max((len(c.name) for c, _ in measured), default=0)
    width = round(left + 420)
    x = logarithmic(seconds, left, width - 20, _LEAST_S)
    rows = [
        TimingRow(
            _TOP + _ROW * (place + 0.5),
            configuration.name,
            configuration.anchor,
            [_mark(x, kind, configuration.name, _Spread.of(row, name)) for kind, name in kinds.items()],
        )
        for place, (configuration, row) in enumerate(measured)
    ]
    height = _TOP + _ROW * len(rows) + _BOTTOM
    return Timings(f"Seconds, {setting.name}, {setting.people} people", x, left, rows, width, height)


def _mark(x: Scale, kind: str, name: str, seconds: _Spread) -> Mark:
    return Mark(x(seconds.mean), x(seconds.low), x(seconds.high), kind, f"{name}: {kind} {seconds} s")
