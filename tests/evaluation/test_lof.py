import numpy as np
import pandas as pd
import pytest

from carla_genre.errors import InputError
from carla_genre.evaluation.lof import InlierTest


def local_outlier_factor(train, row, k):
    """Breunig et al.'s definition, without ties: of a new row among training rows."""

    def distance(a, b):
        return float(np.sqrt(((a - b) ** 2).sum()))

    def neighbours(point, own=None):
        order = sorted((distance(point, t), j) for j, t in enumerate(train) if j != own)
        return order[:k]

    def density(point, own=None):
        reach = [max(d, neighbours(train[j], j)[-1][0]) for d, j in neighbours(point, own)]
        return 1 / np.mean(reach)

    return np.mean([density(train[j], j) for _, j in neighbours(row)]) / density(row)


def test_agrees_with_the_definition():
    random = np.random.default_rng(3)
    train = random.normal(size=(60, 2)).astype(np.float32)
    rows = (3 * random.normal(size=(25, 2))).astype(np.float32)
    expected = [local_outlier_factor(train, row, 5) <= 1.5 for row in rows]
    found = InlierTest(5).fit(train).inliers(rows)
    assert found.tolist() == expected
    assert 0 < found.sum() < len(rows)


def test_rows_with_nan_are_no_inliers():
    train = np.random.default_rng(4).normal(size=(50, 2))
    rows = np.array([[0.0, 0.0], [np.nan, 0.0]])
    test = InlierTest().fit(train)
    assert test.inliers(rows).tolist() == [True, False]
    assert test.inliers(rows[1:]).tolist() == [False]
    assert test.inliers(rows[:0]).shape == (0,)


def test_frames_are_read_by_column_name():
    train = pd.DataFrame(np.random.default_rng(5).normal(size=(50, 2)) * [1, 100], columns=["a", "b"])
    test = InlierTest().fit(train)
    rows = pd.DataFrame({"b": [50.0, 0.5], "a": [0.1, 50.0]})
    assert test.inliers(rows).tolist() == [True, False]
    with pytest.raises(InputError, match=r"\['b'\]"):
        test.inliers(rows[["a"]])


def test_too_few_accepted_rows_are_refused():
    with pytest.raises(InputError, match="got 5"):
        InlierTest(5).fit(np.zeros((5, 2)))
