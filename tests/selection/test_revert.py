"""Reverting changes that an answer can do without."""

from __future__ import annotations

import numpy as np
import pytest
from method_cases import Logistic
from selection_cases import expectation

from carla_genre import GenRe
from carla_genre.selection import revert
from carla_genre.selection.expected_score import ExpectedScore, ScoredAnswers
from carla_genre.selection.revert import Rule, revert_changes


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


def one_trial_at_a_time(
    objective: ExpectedScore, values: np.ndarray, chosen: ScoredAnswers, allowed: Rule | None
) -> np.ndarray:
    """Plainly: the changes of one answer after the other, the most expensive first, until none is reverted."""
    answers = chosen.answers.copy()
    for row in range(len(answers)):
        x, answer, least = values[[row]], answers[[row]], 0.7 if chosen.h[row] > 0.7 else 0.5
        if np.isnan(answer).any():
            continue
        cost = np.where(objective.schema.categorical, x != answer, np.abs(answer - x))[0]
        order, again = np.argsort(-cost, kind="stable"), True
        while again:
            again = False
            for column in order[answer[0, order] != x[0, order]]:
                trial = answer.copy()
                trial[0, column] = x[0, column]
                fine = objective.h(trial)[0] > least and (allowed is None or allowed(x, trial)[0])
                if fine and expectation(objective, x, trial[None]) > expectation(objective, x, answer[None]):
                    answer, again = trial, True
        answers[row] = answer
    return answers


@pytest.mark.parametrize("trials", [1, 7, 50, 10_000])
@pytest.mark.parametrize("ruled", [False, True])
def test_trials_that_are_made_together_give_what_one_at_a_time_gives(
    genre: GenRe,
    asked: tuple[np.ndarray, np.ndarray, np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
    trials: int,
    ruled: bool,
) -> None:
    values, candidates, scores = asked
    objective = genre.selector.objective
    chosen = objective.top_k(values, candidates, scores, 1).best()
    chosen.answers[3] = chosen.score[3] = np.nan  # somebody without an answer

    def allowed(x: np.ndarray, answers: np.ndarray) -> np.ndarray:
        return (x != answers).sum(axis=1) != 1  # never one change alone

    monkeypatch.setattr(revert, "TRIALS", trials)
    found = revert_changes(objective, values, chosen, allowed if ruled else None)
    expected = one_trial_at_a_time(objective, values, chosen, allowed if ruled else None)
    np.testing.assert_array_equal(found.answers, expected)
    assert (found.answers != chosen.answers).any()
