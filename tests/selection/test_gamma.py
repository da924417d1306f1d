"""gamma of calibrated confidences, as a threshold on h itself."""

import numpy as np
import pytest

from carla_genre.schema.training_rows import TrainingRows
from carla_genre.selection import calibrated_gamma


def rows_of(h: np.ndarray, labels: np.ndarray) -> TrainingRows:
    return TrainingRows(np.zeros((len(h), 1)), labels, h)


def drawn(n: int = 4000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (n,), and labels that are drawn from them."""
    random = np.random.default_rng(seed)
    p = random.random(n)
    return p, (random.random(n) < p).astype(int)


def logit_times(factor: float, h: np.ndarray) -> np.ndarray:
    return 1 / (1 + (1 / h - 1) ** factor)


@pytest.mark.parametrize("gamma", [0.5, 0.7, 0.9])
def test_calibrated_confidences_need_no_other_gamma(gamma: float) -> None:
    found = [calibrated_gamma(rows_of(*drawn(seed=seed)), gamma) for seed in range(10)]
    np.testing.assert_allclose(found, gamma, atol=0.1)
    assert np.mean(found) == pytest.approx(gamma, abs=0.03)


@pytest.mark.parametrize("factor", [1 / 3, 3.0, 30.0])
def test_the_sure_rows_are_the_same_however_sure_h_is_of_itself(factor: float) -> None:
    p, labels = drawn()
    other = logit_times(factor, p)
    before, after = (calibrated_gamma(rows_of(h, labels), 0.7) for h in (p, other))
    np.testing.assert_array_equal(other > after, p > before)
    assert after == logit_times(factor, np.array([before]))[0]


def test_the_rows_above_have_the_label_as_often_as_is_said() -> None:
    p, labels = drawn()
    h = logit_times(0.2, p)
    sure = h > calibrated_gamma(rows_of(h, labels), 0.8)
    assert h.max() < 0.9
    assert 0.8 < labels[sure].mean() < 0.95


def test_it_is_never_below_one_half() -> None:
    p, labels = drawn()
    assert calibrated_gamma(rows_of(p * 0.4, labels), 0.7) == 0.5  # h accepts nobody
    assert calibrated_gamma(rows_of(0.5 + p / 2, labels), 0.5) > 0.5
    assert calibrated_gamma(rows_of(p, np.ones(len(p), int)), 0.7) == 0.5


@pytest.mark.parametrize("rate", [0.0, 0.02])
def test_where_nobody_is_sure_all_that_h_accepts_are_left(rate: float) -> None:
    random = np.random.default_rng(0)
    labels = (random.random(2000) < rate).astype(int)
    h = np.where(random.random(2000) < 0.5, 0.9, 0.2)  # sure of itself, and mostly wrong
    assert calibrated_gamma(rows_of(h, labels), 0.7) == 0.5


def test_a_lone_row_of_the_label_at_the_top_is_not_enough() -> None:
    p, labels = drawn()
    labels[p > 0.6] = 0
    labels[p.argmax()] = 1
    assert calibrated_gamma(rows_of(p, labels), 0.7) == 0.5


def test_equal_rows_are_on_the_same_side() -> None:
    p, labels = drawn()
    h = np.round(p, 1)
    sure = h > calibrated_gamma(rows_of(h, labels), 0.7)
    assert h[sure].min() > h[~sure].max()
