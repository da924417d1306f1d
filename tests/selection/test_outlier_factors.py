"""Local outlier factors among several sets, found by one search, are those of scikit-learn in each set."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import LocalOutlierFactor

from carla_genre.selection.outlier_factors import OutlierFactors


@pytest.mark.parametrize("share", [0.9, 0.5, 0.05])
@pytest.mark.parametrize(("width", "neighbours"), [(2, 5), (7, 3), (40, 5)])
def test_each_set_has_the_factors_that_it_has_alone(share: float, width: int, neighbours: int) -> None:
    random = np.random.default_rng(0)
    rows = random.random((400, width)).astype(np.float32)
    members = random.random((3, 400)) < share
    asked = np.concatenate([rows[:30] + 0.01, random.normal(size=(30, width))]).astype(np.float32)
    found = OutlierFactors(rows, members, neighbours)(asked)
    for factors, among in zip(found, members, strict=True):
        alone = LocalOutlierFactor(n_neighbors=neighbours, novelty=True).fit(rows[among])
        assert factors == pytest.approx(-alone.score_samples(asked), rel=1e-4)


@pytest.mark.parametrize("width", [4, 30])
def test_a_point_has_the_same_factor_whoever_is_asked_about_with_it(width: int) -> None:
    random = np.random.default_rng(1)
    rows, members = random.random((1200, width)), random.random((2, 1200)) < 0.7
    factors = OutlierFactors(rows, members, 5)
    together = factors(rows)
    assert all((factors(rows[[row]])[:, 0] == together[:, row]).all() for row in range(0, 1200, 40))


@pytest.mark.parametrize("width", [3, 30])
def test_repeated_rows_and_a_set_of_hardly_enough_rows_have_finite_factors(width: int) -> None:
    rows = np.repeat(np.random.default_rng(2).random((6, width)), 10, axis=0)
    members = np.stack([np.ones(60, bool), np.arange(60) < 6])
    found = OutlierFactors(rows, members, 5)(np.concatenate([rows, rows + 1.0]))
    assert found.shape == (2, 120) and np.isfinite(found).all() and (found > 0).all()
