"""The expected Score of a candidate, and the choice by it."""

from __future__ import annotations

import numpy as np
import pytest
from selection_cases import expectation

from carla_genre import GenRe


def test_the_choice_is_the_best_by_the_formula(
    genre: GenRe, asked: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    values, candidates, scores = asked
    scores = scores.copy()
    scores[3], scores[4, ::2] = 0.5, np.nan
    best_three = genre.selector.objective.top_k(values, candidates, scores, 3)
    assert best_three.answers.shape == (40, 3, 6)
    chosen = best_three.best()
    assert np.isnan(chosen.answers[3]).all() and np.isnan(chosen.score[3])
    accepted, sure = scores > 0.5, scores > 0.7
    assert sure.any(axis=1).any() and (sure < accepted).any()
    possible = np.where(sure.any(axis=1, keepdims=True), sure, accepted)
    all_scores = np.where(possible, expectation(genre.selector.objective, values, candidates), -np.inf)
    others = np.delete(np.arange(len(values)), 3)
    np.testing.assert_allclose(chosen.score[others], all_scores.max(axis=1)[others], rtol=1e-12)
    best = candidates[np.arange(len(values)), all_scores.argmax(axis=1)]
    np.testing.assert_array_equal(chosen.answers[others], best[others])


@pytest.mark.parametrize("k", [1, 4, 40])
def test_how_many_are_asked_about_at_once_changes_nothing(
    genre: GenRe, asked: tuple[np.ndarray, np.ndarray, np.ndarray], k: int
) -> None:
    values, candidates, scores = asked
    candidates, scores = candidates.copy(), scores.copy()
    candidates[:, 20:], scores[:, 20:] = candidates[:, :10], scores[:, :10]  # some repeat
    found = genre.selector.objective.top_k(values, candidates, scores, k)
    for at_once in (1, 60, 10_000):
        again = genre.selector.objective.top_k(values, candidates, scores, k, at_once)
        for part, other in zip(found, again, strict=True):
            np.testing.assert_array_equal(part, other)
    for row in range(0, 40, 7):
        alone = genre.selector.objective.top_k(values[[row]], candidates[[row]], scores[[row]], k)
        for part, other in zip(found, alone, strict=True):
            np.testing.assert_array_equal(part[row], other[0])
