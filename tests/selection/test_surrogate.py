"""The surrogate judge: a forest on labels, and outlier factors among the accepted rows."""

from __future__ import annotations

import numpy as np
import pytest
from method_cases import Logistic, denied
from selection_cases import two_moons

from carla_genre import GenRe, InputError
from carla_genre.selection.surrogate import INLIER_RANGE, MARGIN, NEIGHBOURHOODS, SurrogateJudge, points_of


def test_labels_of_one_kind_are_refused() -> None:
    rows = np.random.default_rng(0).random((50, 2)).astype(np.float32)
    with pytest.raises(InputError, match="one of them only"):
        SurrogateJudge.fit(rows, np.ones(50, int), 0)
    with pytest.raises(InputError, match="more than 5 training rows of label 1, there are 3"):
        SurrogateJudge.fit(rows, (np.arange(50) < 3).astype(int), 0)


def test_the_outlier_factor_is_the_mean_of_several_and_bounded() -> None:
    rows, labels = two_moons(400, 0)
    judge = SurrogateJudge.fit(rows, labels, 0)
    accepted = judge.accepted
    assert accepted.shape == (NEIGHBOURHOODS, 400) and not (accepted == accepted[0]).all()
    sure = np.abs(judge.forest.out_of_bag() - 0.5) > 6 * MARGIN
    assert (accepted == accepted[0])[:, sure].all()
    asked = np.concatenate([rows[:50], rows[:50] + 0.05, [[40.0, 40.0]]]).astype(np.float32)
    alone = (SurrogateJudge(rows, labels, one[None], 0, forest=judge.forest) for one in accepted)
    each = [judge_of_one.inlier(asked) for judge_of_one in alone]
    assert judge.inlier(asked) == pytest.approx(np.mean(each, axis=0))
    assert judge.inlier(asked)[-1] == min(INLIER_RANGE) and max(INLIER_RANGE) >= judge.inlier(asked).max()
    again = SurrogateJudge(**judge.arrays(), seed=0)
    assert (again.inlier(asked) == judge.inlier(asked)).all()


def test_categories_of_many_levels_are_corners_of_a_simplex(genre: GenRe, mlmodel: Logistic) -> None:
    schema = genre.schema
    values = schema.encode(denied(mlmodel, 2))[[0, 0]]
    position = next(p for p, f in enumerate(schema.features) if f.levels is not None and len(f.levels) > 2)
    for old, new in ((0, 1), (0, 2), (1, 2)):
        values[:, position] = (old, new)
        points = points_of(schema, values)
        assert np.linalg.norm(points[0] - points[1]) == pytest.approx(1.0)
