"""From values to places on a picture: scales with round ticks, and labels that do not lie on each other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

_ROUND = (1, 2, 5, 10)
# Width and height of a letter, in the units of the picture.
_LETTER, _LINE = 6.6, 12.0


@dataclass(frozen=True)
class Scale:
    """A linear or logarithmic axis.

    Attributes
    ----------
    low, high : float
        Values at the ends.
    start, end : float
        Places of the ends.
    log : bool
        Whether equal distances are equal ratios.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The place of a value; of one beyond an end, that end."""
        low, high, value = (
            math.log10(v) if self.log else v for v in (self.low, self.high, self._inside(value))
        )
        return round(self.start + (value - low) / (high - low) * (self.end - self.start), 1)

    def _inside(self, value: float) -> float:
        return min(max(value, self.low), self.high)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Places and texts of round values: four to ten of them, or the powers of ten."""
        if self.log:
            powers = range(round(math.log10(self.low)), round(math.log10(self.high)) + 1)
            return [(self(10.0**power), f"{10.0**power:g}") for power in powers]
        step = _step(self.high - self.low)
        count = range(math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9) + 1)
        return [(self(step * i), f"{step * i:.6g}") for i in count]


def linear(values: Iterable[float], start: float, end: float) -> Scale:
    """An axis that has all values, with a margin; its ends are steps of its ticks."""
    finite = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    spread = (high - low) or abs(high) or 1.0
    step = _step(spread * 1.1)
    low, high = low - 0.05 * spread, high + 0.05 * spread
    return Scale(step / 2 * math.floor(low / step * 2), step / 2 * math.ceil(high / step * 2), start, end)


def logarithmic(values: Iterable[float], start: float, end: float, least: float) -> Scale:
    """An axis between powers of ten; what is below ``least`` lies at its start."""
    finite = [max(value, least) for value in values if math.isfinite(value)] or [1.0]
    low, high = math.floor(math.log10(min(finite))), math.ceil(math.log10(max(finite)))
    return Scale(10.0**low, 10.0 ** max(high, low + 1), start, end, log=True)


def _step(spread: float) -> float:
    """A round number that fits four to ten times."""
    power = 10.0 ** math.floor(math.log10(spread / 4))
    return power * max(factor for factor in _ROUND if factor * power <= spread / 4)


@dataclass(frozen=True)
class Label:
    """A text beside a point.

    Attributes
    ----------
    x, y : float
        Of its baseline.
    anchor : str
        ``"start"``, ``"middle"`` or ``"end"``: which part of it lies at ``x``.
    leader : bool
        Whether it is so far that a line leads to it.
    shown : bool
        False where it would lie on something else: it then waits for the pointer.
    """

    x: float
    y: float
    anchor: str
    leader: bool = False
    shown: bool = True


def place_labels(points: list[tuple[float, float, str]], width: float, height: float) -> list[Label]:
    """Give each point a label where there is room, as near as it can be.

    Parameters
    ----------
    points : list of (x, y, text)
        Those that come first choose first.
    width, height : float
        Of the picture, which no label leaves.
    """
    taken: list[_Box] = [(x - 5, y - 5, x + 5, y + 5) for x, y, _ in points]
    labels = []
    for x, y, text in points:
        around = [(label, _box(label, text)) for label in _around(x, y)]
        inside = [(label, box) for label, box in around if _inside(box, width, height)] or around[:1]
        free = [pair for pair in inside if not any(_overlap(pair[1], other) for other in taken)]
        if free:
            labels.append(free[0][0])
            taken.append(free[0][1])
        else:
            labels.append(replace(inside[0][0], shown=False))
    return labels


# Left, top, right, bottom.
_Box = tuple[float, float, float, float]


def _around(x: float, y: float) -> Iterator[Label]:
    """Labels of a point: beside it, above and below, then at the end of a line to all sides."""
    for dy in (4.0, -4.0, 12.0):
        yield Label(x + 8, y + dy, "start")
        yield Label(x - 8, y + dy, "end")
    for dy in (-9.0, 18.0):
        yield Label(x, y + dy, "middle")
    for away in (22.0, 36.0, 50.0):
        for dx, dy, anchor in ((1, -1, "start"), (-1, -1, "end"), (1, 1.2, "start"), (-1, 1.2, "end")):
            yield Label(x + dx * away * 0.7, y + dy * away, anchor, leader=True)


def _box(label: Label, text: str) -> _Box:
    long = len(text) * _LETTER
    left = label.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[label.anchor] * long
    return left - 2, label.y - _LINE + 2, left + long + 2, label.y + 3


def _inside(box: _Box, width: float, height: float) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= width and box[3] <= height


def _overlap(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
