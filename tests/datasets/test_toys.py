from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from carla_genre.datasets.toys import TOYS, load_toy


@pytest.mark.parametrize("name", TOYS)
def test_same_points_at_every_call_and_whatever_the_global_state(name):
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    first = load_toy(name)
    assert (np.random.get_state()[1] == before).all()
    np.random.rand(7)
    for one, other in zip(first, load_toy(name), strict=True):
        pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("name", TOYS)
def test_sizes_and_labels(name):
    frames = load_toy(name)
    assert [len(frame) for frame in frames] == [1000, 900, 100]
    assert set(frames.df["y"]) == {0, 1}
    joined = pd.concat([frames.train, frames.test]).sort_values(["x1", "x2"], ignore_index=True)
    pd.testing.assert_frame_equal(joined, frames.df.sort_values(["x1", "x2"], ignore_index=True))


def test_circles_lie_on_two_radii():
    table = load_toy("circles").df
    radius = np.hypot(table["x1"], table["x2"])
    means = radius.groupby(table["y"]).mean()
    assert means[0] == pytest.approx(1, abs=0.01)
    assert means[1] == pytest.approx(0.7, abs=0.01)
    assert radius.groupby(table["y"]).std().max() < 0.05


def test_moons_lie_on_two_half_circles():
    table = load_toy("moons").df
    centre = np.where(table["y"] == 1, 1.0, 0.0), np.where(table["y"] == 1, 0.5, 0.0)
    radius = np.hypot(table["x1"] - centre[0], table["x2"] - centre[1])
    assert radius.mean() == pytest.approx(1, abs=0.01)
    assert radius.std() < 0.05


def test_corr_has_equal_signs_and_follows_its_formula():
    table = load_toy("corr").df
    assert (np.sign(table["x1"]) == np.sign(table["x2"])).all()
    assert (table["x2"].abs() <= 0.5 * np.abs(np.tanh(20 * table["x1"]))).all()
    probability = 1 / (1 + np.exp(-2 * (table["x2"] + 60 * table["x1"] ** 3)))
    # The labels are draws: in each fifth of the rows by probability, their mean is near the mean probability.
    fifth = pd.qcut(probability, 5, labels=False)
    gap = table["y"].groupby(fifth).mean() - probability.groupby(fifth).mean()
    assert gap.abs().max() < 0.1
