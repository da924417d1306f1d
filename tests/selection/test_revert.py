"""Reverting changes that an answer can do without."""

from __future__ import annotations

import numpy as np
from method_cases import Logistic
from selection_cases import expectation

from carla_genre import GenRe
from carla_genre.selection.revert import revert_changes


def test_what_is_reverted_raises_the_expected_score(
    genre: GenRe, mlmodel: Logistic, asked: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    values, candidates, scores = asked
    objective = genre.selector.objective
    chosen = objective.top_k(values, candidates, scores, 1).best()
    shorter = revert_changes(objective, values, chosen)
    assert (shorter.score >= chosen.score).all() and (shorter.score > chosen.score).any()
    own = (shorter.answers == values) | (shorter.answers == chosen.answers)
    assert own.all()  # a feature is the candidate's, or the factual's again
    for answers in (chosen, shorter):
        np.testing.assert_allclose(answers.h, genre.scores(answers.answers), rtol=1e-12)
    sure = chosen.h > 0.7
    least = np.where(sure, 0.7, 0.5)
    assert sure.any() and (shorter.h > least).all()
    np.testing.assert_allclose(
        shorter.score, expectation(objective, values, shorter.answers[:, None])[:, 0], rtol=1e-9
    )
    for row, column in zip(*np.nonzero(shorter.answers != values), strict=True):  # nothing more can be
        trial = shorter.answers[row].copy()
        trial[column] = values[row, column]
        worse = expectation(objective, values[[row]], trial[None, None])[0, 0] <= shorter.score[row] + 1e-12
        assert worse or genre.scores(trial[None])[0] <= least[row]
