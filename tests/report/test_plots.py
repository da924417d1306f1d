"""The pictures: their axes are round, their labels do not lie on each other, and any record can be drawn."""

import re
import warnings

import numpy as np
import pytest
from report_cases import measured, parsed, write

from carla_genre.harness.cell import Cell
from carla_genre.report import write_report


def pictures(folder, *records):
    """Of the first comparison: Val, LOF, seconds."""
    write(folder / "records", *records)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_report([folder / "records"], folder / "report.html")
    return parsed(folder / "report.html").all("svg", role="group")[:3]


def one(label, seed=0, prepare=4.0, answer=0.5, **of_scores):
    record = measured(Cell("loans", seed, label, "GenRe"), **of_scores)
    return {**record, "cpu_seconds": {"prepare": prepare, "answer": answer}}


def ticks(svg, axis):
    return [
        float(tick.text.replace("\N{MINUS SIGN}", "-"))
        for group in svg.all("g", class_=axis)
        for tick in group.all("text")
    ]


def places(svg, axis="x"):
    return {
        link.all("text")[0].text: [float(mark.attributes[axis]) for mark in link.all("use")]
        for link in svg.all("a")
    }


def test_points_lie_where_the_ticks_say(tmp_path):
    values = {"a": (0.5, 0.25), "b": (1.0, 0.5), "c": (3.0, 1.0)}
    svg, *_ = pictures(tmp_path, *(one(name, cost=cost, val=val) for name, (cost, val) in values.items()))
    for axis, group, figures in (
        ("x", "xtick", [cost / 4 for cost, _ in values.values()]),
        ("y", "ytick", [val for _, val in values.values()]),
    ):
        known = ticks(svg, group)
        assert 4 <= len(known) <= 10 and known[0] <= min(figures) + 0.05
        at = [float(t.attributes[axis]) for g in svg.all("g", class_=group) for t in g.all("text")]
        slope, start = np.polyfit(known, at, 1)
        shift = 4.2 if axis == "y" else 0.0  # a text's base line is below its middle
        drawn = [place for (place,) in places(svg, axis).values()]
        assert drawn == pytest.approx([slope * figure + start - shift for figure in figures], abs=1.0)
    assert ticks(svg, "xtick")[0] == 0.0, "the axis of costs begins with the people themselves"


def test_seconds_lie_between_powers_of_ten(tmp_path):
    *_, svg = pictures(tmp_path, one("slow", prepare=40.0, answer=4.0), one("fast", prepare=0.0, answer=0.04))
    assert ticks(svg, "xtick") == [0.001, 0.01, 0.1, 1.0, 10.0, 100.0]
    assert [link.all("text")[0].text for link in svg.all("a")] == ["fast", "slow"]
    (instant, quick), (long, middle) = places(svg).values()
    assert long - middle == pytest.approx(middle - (quick + middle) / 2, rel=0.01), (
        "equal ratios, equal distances"
    )
    assert instant < quick, "no seconds at all lie at the left edge"


def test_bars_longer_than_their_means_stay_on_the_axis(tmp_path):
    *_, svg = pictures(tmp_path, one("m", answer=0.01), one("m", seed=1, answer=10.0))
    (bar,) = svg.all("g", class_="bar")
    ends = [float(number) for number in re.findall(r"[-\d.]+", bar.all("path")[0].attributes["d"])][::2]
    left, right = (float(svg.all("g", class_="xtick")[i].all("text")[0].attributes["x"]) for i in (0, -1))
    assert left - 0.1 <= min(ends) < max(ends) <= right + 0.1


def boxes(svg):
    """Of the labels that are shown, in letters narrower than DejaVu's, which matplotlib measures."""
    for group in svg.all("g", class_="label"):
        (text,) = group.all("text")
        if "waiting" not in group.attributes["class"]:
            wide, x, y = 5.0 * len(text.text), float(text.attributes["x"]), float(text.attributes["y"])
            left = x - {"start": 0.0, "middle": wide / 2, "end": wide}[text.attributes["text-anchor"]]
            yield left, y - 8, left + wide, y + 1


@pytest.mark.slow
@pytest.mark.parametrize("spread", [0.0, pytest.param(0.1, marks=pytest.mark.slow), 2.0])
def test_labels_that_are_shown_do_not_lie_on_each_other(tmp_path, spread):
    random = np.random.default_rng(0)
    records = [
        one(f"method {i} of them", cost=2 + spread * random.random(), val=spread * random.random())
        for i in range(40)
    ]
    svg, *_ = pictures(tmp_path, *records)
    shown = list(boxes(svg))
    assert 3 <= len(shown) < 40
    assert len(svg.all("g", class_="label")) == 40, "those without room wait for the pointer"
    for i, (left, top, right, bottom) in enumerate(shown):
        assert left >= 0 and top >= 0 and right <= 640 and bottom <= 440
        for other in shown[:i]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top


def test_a_lonely_point_has_its_label_beside_it(tmp_path):
    svg, *_ = pictures(tmp_path, one("GenRe"))
    (label,) = svg.all("g", class_="label")
    assert "waiting" not in label.attributes["class"] and svg.all("g", class_="leader") == []


def test_any_name_is_drawn_as_it_is(tmp_path):
    names = ["$x_1$", "$", "方法", "a\x00b\nc", "50% <&> \\frac", "x" * 300]
    *scatters, seconds = pictures(tmp_path, *(one(name, cost=place) for place, name in enumerate(names, 1)))
    for svg, kind in ((scatters[0], "label"), (seconds, "name")):
        drawn = {label.text for label in svg.all("g", class_=kind)}
        assert drawn == {name.replace("\x00", " ").replace("\n", " ") for name in names}


def test_what_the_user_has_set_for_matplotlib_changes_nothing(tmp_path):
    from matplotlib import rc_context

    plain = pictures(tmp_path / "a", one("GenRe"))
    with rc_context({"font.size": 30, "axes.grid": False, "svg.fonttype": "path", "axes.xmargin": 0.4}):
        other = pictures(tmp_path / "b", one("GenRe"))
    assert [svg.text for svg in plain] == [svg.text for svg in other]
    assert places(plain[0]) == places(other[0])


@pytest.mark.parametrize("figures", [{"cost": 0.0, "val": 0.0}, {"cost": 1e-9}, {"cost": 1e6, "val": 1.0}])
def test_one_point_alone_has_axes(tmp_path, figures):
    svg, *_ = pictures(tmp_path, one("GenRe", **figures))
    assert len(ticks(svg, "xtick")) >= 2 and len(ticks(svg, "ytick")) >= 2
