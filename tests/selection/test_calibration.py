"""The surrogate's numbers as probabilities that come true."""

from __future__ import annotations

import numpy as np
import pytest
from selection_cases import two_moons

from carla_genre.selection.calibration import LogisticCurve, bootstrap, calibrate
from carla_genre.selection.surrogate import NEIGHBOURS, SurrogateJudge


@pytest.fixture(scope="module", autouse=True)
def quick() -> None:
    """Forests as large as the package's: the curves are of them."""


def test_curves() -> None:
    numbers = np.linspace(0, 1, 200)
    curve = LogisticCurve.fit(numbers, numbers + np.random.default_rng(0).normal(0, 0.1, 200) > 0.5)
    told = curve(numbers)
    assert (
        (np.diff(told) > 0).all()
        and told[0] < 0.05
        and told[-1] > 0.95
        and abs(curve(np.array(0.5)) - 0.5) < 0.15
    )
    falling = LogisticCurve.fit(numbers, numbers < 0.5)
    assert falling.slope == 0 and falling(numbers)[0] == pytest.approx(101 / 202)
    sure = LogisticCurve.fit(numbers, np.ones(200, bool))
    assert sure(numbers)[0] == pytest.approx(201 / 202)


@pytest.mark.parametrize("seed", range(4))
def test_few_rows_of_a_label_are_enough_whichever_labels_are_drawn(seed: int) -> None:
    rows = np.random.default_rng(seed).random((300, 2)).astype(np.float32)
    labels = np.zeros(300, dtype=int)
    labels[rows[:, 0].argsort()[-7:]] = 1
    world = bootstrap(rows, labels, seed=seed)
    assert all((judge.labels == 1).sum() > NEIGHBOURS for judge in world.judges)


@pytest.mark.slow
def test_curves_are_calibrated_on_other_worlds() -> None:
    """An answer that is said to be valid with 60 to 95 percent is valid that often, where the truth is known."""
    rows, labels = two_moons(1500, 0)
    curves = calibrate(
        bootstrap(rows, labels, seed=0), np.random.default_rng(1).random((2000, 2)).astype(np.float32)
    )
    told, right = [], []
    for seed in range(1, 5):
        judge = SurrogateJudge.fit(*two_moons(1500, seed), seed)
        points = np.random.default_rng(seed + 9).random((1000, 2)).astype(np.float32)
        told.append(curves.validity(judge.validity(points)))
        right.append(points.sum(axis=1) > 1)
    sure, truth = np.concatenate(told), np.concatenate(right)
    middle = (sure > 0.6) & (sure < 0.95)
    assert middle.sum() > 100 and abs(truth[middle].mean() - sure[middle].mean()) < 0.15
    assert truth[sure > 0.99].mean() > 0.97


@pytest.mark.slow
def test_the_bootstrap_is_of_the_seed_and_the_inliers_of_the_accepted() -> None:
    rows, labels = two_moons(800, 0)
    one, other = (bootstrap(rows, labels, seed=3) for _ in range(2))
    points = np.random.default_rng(0).random((50, 2)).astype(np.float32)
    np.testing.assert_array_equal(one.judges[0].validity(points), other.judges[0].validity(points))
    judge = SurrogateJudge.fit(rows, labels, 0)
    assert (
        judge.inlier(np.array([[0.8, 0.8]], np.float32))
        > -1.5
        > judge.inlier(np.array([[0.1, 0.1]], np.float32))
    )


def test_of_many_rows_some_are_bootstrapped() -> None:
    """Unless one label is too rare for that."""
    rows, labels = two_moons(600, 0)
    world = bootstrap(rows, labels, 0, most_rows=300)
    assert len(world.judges) == 1 and len(world.truth.rows) == len(world.judges[0].rows) == 300
    assert (rows[:, None] == world.truth.rows[:200]).all(axis=2).any(axis=0).all()
    rare = np.where(np.arange(600) < 60, 1, 0)
    assert len(bootstrap(rows, rare, 0, most_rows=300).truth.rows) == 600
