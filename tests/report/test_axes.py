"""Scales keep the order of values and have round ticks; labels do not lie on each other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carla_genre.report.axes import linear, logarithmic, place_labels

values = st.lists(st.floats(-1e6, 1e6).map(lambda v: round(v, 6)), min_size=1, max_size=12)


@given(values)
@settings(max_examples=200, deadline=None)
def test_a_linear_axis_has_all_values_in_their_order(numbers):
    scale = linear(numbers, 10, 500)
    assert scale.low <= min(numbers) and max(numbers) <= scale.high
    places = [scale(number) for number in sorted(numbers)]
    assert places == sorted(places)
    assert all(10 <= place <= 500 for place in places)
    assert 2 <= len(scale.ticks) <= 14
    for place, text in scale.ticks:
        assert place == pytest.approx(scale(float(text)), abs=0.2)


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0.0, 0.3, ["0", "0.05", "0.1", "0.15", "0.2", "0.25", "0.3"]),
        (0.1, 0.95, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (-3.0, 41.0, ["-10", "0", "10", "20", "30", "40"]),
    ],
)
def test_ticks_are_round(low, high, texts):
    assert [text for _, text in linear([low, high], 0, 1).ticks] == texts


@given(st.lists(st.floats(0, 1e6), max_size=12))
@settings(max_examples=200, deadline=None)
def test_a_logarithmic_axis_lies_between_powers_of_ten(numbers):
    scale = logarithmic(numbers, 10, 500, least=1e-3)
    assert scale.low >= 1e-3 - 1e-12 and scale.high >= max(numbers, default=0)
    places = [scale(number) for number in sorted(numbers)]
    assert places == sorted(places)
    steps = np.diff([place for place, _ in scale.ticks])
    assert len(steps) >= 1 and np.allclose(steps, steps[0], atol=0.2)
    assert [float(text) for _, text in scale.ticks] == pytest.approx(
        10.0 ** np.round(np.arange(np.log10(scale.low), np.log10(scale.high) + 0.5))
    )


def test_equal_ratios_are_equal_distances():
    scale = logarithmic([0.01, 100], 0, 400, least=1e-3)
    assert scale(1) - scale(0.1) == pytest.approx(scale(100) - scale(10), abs=0.2)
    assert scale(0) == scale(-5) == 0


def test_axes_without_values():
    assert linear([], 0, 100).high > linear([], 0, 100).low
    assert linear([float("nan"), 2.0], 0, 100)(2.0) > 0
    assert logarithmic([], 0, 100, least=1e-3).high > logarithmic([], 0, 100, least=1e-3).low


def box(label, text):
    """Where a text lies, in letters narrower than those that are reckoned with."""
    long = 5.5 * len(text)
    left = {"start": label.x, "middle": label.x - long / 2, "end": label.x - long}[label.anchor]
    return left, label.y - 9, left + long, label.y + 2


@given(
    st.lists(
        st.tuples(st.floats(0, 600), st.floats(0, 380), st.text("abc", min_size=1, max_size=20)), max_size=25
    )
)
@settings(max_examples=100, deadline=None)
def test_shown_labels_lie_inside_and_not_on_each_other(points):
    labels = place_labels(points, 640, 396)
    assert len(labels) == len(points)
    boxes = [box(label, text) for label, (*_, text) in zip(labels, points, strict=True) if label.shown]
    for i, (left, top, right, bottom) in enumerate(boxes):
        assert left >= 0 and top >= 0 and right <= 640 and bottom <= 396
        for other in boxes[:i]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top


def test_a_lonely_point_has_its_label_beside_it_and_a_crowd_at_the_end_of_lines():
    (alone,) = place_labels([(100, 100, "GenRe")], 640, 396)
    assert alone.shown and not alone.leader and alone.x > 100
    crowd = place_labels([(300 + i, 200, "a long label") for i in range(12)], 640, 396)
    assert any(label.leader for label in crowd if label.shown)
    assert not all(label.shown for label in place_labels([(300, 200, "a long label")] * 60, 640, 396))
