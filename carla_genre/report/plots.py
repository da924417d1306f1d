"""The pictures of a comparison."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from carla_genre.harness.table import AS_ANSWERED, BY_ITSELF, HELD
from carla_genre.report.grouping import Comparison, Configuration
from carla_genre.report.svg import drawing, inline_svg

WIDTH, HEIGHT, ROW = 640, 440, 22
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 12, 44
# Seconds below which a method is as good as instant; a logarithm needs an end.
_LEAST_S = 1e-3
# Shape and size of a mark.
_CIRCLE, _SQUARE, _DIAMOND = ("o", 10.0), ("s", 9.0), ("D", 8.5)


class Picture(NamedTuple):
    """A title, what is under it (empty where there is nothing to draw), and a note behind the legend."""

    title: str
    svg: str = ""
    note: str = ""


class _Spread(NamedTuple):
    """A mean over seeds and its standard deviation, 0 where one seed has none."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, row: Mapping[str, Any], measure: str, divisor: float = 1.0) -> _Spread:
        deviation = row[f"{measure} std"]
        return cls(row[measure] / divisor, deviation / divisor if math.isfinite(deviation) else 0.0)

    def __str__(self) -> str:
        return f"{self.mean:.3g}" + (f" ± {self.deviation:.2g}" if self.deviation else "")


def scatter(comparison: Comparison, measure: str) -> Picture:
    """Cost / d against a measure of the table, a point for each of its rows that has both."""
    title = f"{measure} against Cost / d, {comparison.name}"
    rows = [
        (one, row["constraints"], _Spread.of(row, "Cost", _features(one)), _Spread.of(row, measure))
        for one in comparison.configurations
        for row in one.figures.to_dict("records")
        if math.isfinite(row["Cost"]) and math.isfinite(row[measure])
    ]
    if not rows:
        return Picture(title)
    with drawing(WIDTH, HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM) as axes:
        axes.set(xlabel="Cost / d, lower is better", ylabel=f"{measure}, higher is better")
        held = {one.anchor: (cost.mean, share.mean) for one, kind, cost, share in rows if kind == HELD}
        links = []
        for number, (one, kind, cost, share) in enumerate(rows):
            if kind == AS_ANSWERED and one.anchor in held:
                axes.plot(*zip((cost.mean, share.mean), held[one.anchor], strict=True), gid="move")
            shape = _CIRCLE if kind == BY_ITSELF else _SQUARE
            _mark(axes, number, "", shape, cost.mean, share.mean, cost.deviation, share.deviation)
            tooltip = f"{one.name}, {kind}: {measure} {share}, Cost / d {cost}"
            links.append((one.anchor, f"point {kind.replace(' ', '-')}", tooltip))
        axes.update_datalim([(0.0, rows[0][3].mean)])
        axes.autoscale_view()
        # Answers that do not hold the constraints are named when they are pointed at.
        _label(
            axes, [(cost.mean, share.mean, one.name, kind != AS_ANSWERED) for one, kind, cost, share in rows]
        )
        return Picture(title, inline_svg(axes, title, links))


def timings(comparison: Comparison) -> Picture:
    """Seconds of training and of answering, a line for each method that was measured, the fastest in all first."""
    title = f"Seconds, {comparison.name}, {comparison.n_factuals} people"
    measured = [(c, c.figures.iloc[0]) for c in comparison.configurations if c.figures["seeds"].iloc[0]]
    if not measured:
        return Picture(title)
    measured.sort(key=lambda pair: pair[1]["prepare s"] + pair[1]["answer s"])
    rows = [(one, _Spread.of(row, "prepare s"), _Spread.of(row, "answer s")) for one, row in measured]
    powers = [math.log10(max(seconds.mean, _LEAST_S)) for _, *both in rows for seconds in both]
    low = 10.0 ** math.floor(min(powers))
    high = max(10.0 ** math.ceil(max(powers)), 10 * low)
    left = 20 + 7.4 * max(len(one.name) for one, *_ in rows)
    with drawing(round(left + 420), _TOP + ROW * len(rows) + _BOTTOM, left, 20, _TOP, _BOTTOM) as axes:
        axes.set(xscale="log", xlim=(low, high), ylim=(len(rows) - 0.5, -0.5), yticks=[])
        axes.set_xlabel("seconds, lower is better")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.minorticks_off()
        unit = 1 / axes.bbox.width
        for number, (one, *both) in enumerate(rows):
            axes.axhspan(number - 0.5, number + 0.5, -left * unit, 1 + 20 * unit, gid=f"{number} band")
            name = axes.text(
                -10 * unit, number, _printable(one.name), ha="right", va="center", parse_math=False
            )
            name.set(transform=axes.get_yaxis_transform(), fontsize=12, gid=f"{number} name")
            for kind, shape, (mean, deviation) in zip(
                ("training ", "answering "), (_CIRCLE, _DIAMOND), both, strict=True
            ):
                place = max(mean, low)
                ends = [place - max(mean - deviation, low)], [min(mean + deviation, high) - place]
                _mark(axes, number, kind, shape, place, number, ends if deviation else None, None)
        links = [
            (one.anchor, "row", f"{one.name}: training {training} s, answering {answering} s")
            for one, training, answering in rows
        ]
        return Picture(title, inline_svg(axes, title, links), f"at the left edge: {low:g} s or less")


def _features(configuration: Configuration) -> float:
    """The d of Cost / d; NaN where all seeds failed."""
    return next((float(one.record["scores"]["d"]) for one in configuration.found if not one.failed), math.nan)


def _printable(text: str) -> str:
    """A text in one line, without the characters that XML may not have."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _mark(
    axes: Any, link: int, css: str, shape: tuple[str, float], x: float, y: float, across: Any, up: Any
) -> None:
    """Draw a point of a link, with bars of one deviation where it has one."""
    point, _, bars = axes.errorbar(
        x, y, xerr=across or None, yerr=up or None, fmt=shape[0], markersize=shape[1]
    )
    point.set_gid(f"{link} {css}mark")
    for bar in bars:
        bar.set_gid(f"{link} {css}bar")


def _label(axes: Any, points: Sequence[tuple[float, float, str, bool]]) -> None:
    """Name each point where there is room, as near as it can be; without room, or if not to be shown, it waits."""
    from matplotlib.transforms import Bbox

    at = axes.transData.transform([point[:2] for point in points])
    taken = [Bbox.from_bounds(x - 5, y - 5, 10, 10) for x, y in at]
    picture = Bbox([axes.bbox.min, axes.figure.bbox.max])
    # From the left: the cheap methods, where it is dense, choose first.
    for number in at[:, 0].argsort(kind="stable"):
        *_, name, shown = points[number]
        text = axes.text(
            0, 0, _printable(name), transform=None, parse_math=False, gid=f"{number} label waiting"
        )
        inside = []
        for away, leader, side in _around():
            place = at[number] + away
            text.set(position=place, ha=side)
            box = text.get_window_extent().padded(2)
            if not picture.contains(*box.min) or not picture.contains(*box.max):
                continue
            inside.append((place, side))
            if shown and not box.count_overlaps(taken):
                taken.append(box)
                text.set_gid(f"{number} label")
                if leader:
                    ends = zip(at[number], place, strict=True)
                    axes.plot(*ends, transform=None, gid=f"{number} leader")
                break
        else:
            place, side = inside[0] if inside else (at[number] + (8, -4), "left")
            text.set(position=place, ha=side)


def _around() -> Iterator[tuple[tuple[float, float], bool, str]]:
    """Places of a label: beside its point, above and below, then at the end of a line to all sides."""
    sides = ((1, "left"), (-1, "right"))
    for up in (-4.0, 4.0, -12.0):
        yield from (((8 * sign, up), False, side) for sign, side in sides)
    yield from (((0, up), False, "center") for up in (9, -18))
    for away in (22.0, 36.0, 50.0):
        for up in (away, -1.2 * away):
            yield from (((0.7 * sign * away, up), True, side) for sign, side in sides)
