"""Reverting changes that an answer can do without."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from method_cases import Logistic
from selection_cases import expectation

from carla_genre import GenRe
from carla_genre.schema import Feature, Schema
from carla_genre.selection.calibration import Calibration, LogisticCurve
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
    trials: int,
    ruled: bool,
) -> None:
    values, candidates, scores = asked
    objective = genre.selector.objective
    chosen = objective.top_k(values, candidates, scores, 1).best()
    chosen.answers[3] = chosen.score[3] = np.nan  # somebody without an answer

    def allowed(x: np.ndarray, answers: np.ndarray) -> np.ndarray:
        return (x != answers).sum(axis=1) != 1  # never one change alone

    found = revert_changes(objective, values, chosen, allowed if ruled else None, at_once=trials)
    expected = one_trial_at_a_time(objective, values, chosen, allowed if ruled else None)
    np.testing.assert_array_equal(found.answers, expected)
    assert (found.answers != chosen.answers).any()


class Rugged:
    """A judge, and an h, whose numbers say nothing about those of neighbours, and tie often."""

    def __init__(self, random: np.random.Generator, width: int) -> None:
        self.weights = random.normal(size=(3, width))

    def numbers(self, rows: np.ndarray, which: int) -> np.ndarray:
        return np.round(
            np.sin(1e4 * (rows * self.weights[which, : rows.shape[-1]]).sum(axis=-1)) / 2 + 0.5, 1
        )

    def validity(self, points: np.ndarray) -> np.ndarray:
        return self.numbers(points, 0)

    def inlier(self, points: np.ndarray) -> np.ndarray:
        return -2.0 + self.numbers(points, 1)

    def h(self, rows: np.ndarray) -> np.ndarray:
        says = np.sqrt(self.numbers(rows, 2))
        return np.where(says < 0.4, np.nan, says)


def rugged(seed: int, d: int) -> tuple[ExpectedScore, np.ndarray, ScoredAnswers]:
    """An objective, factuals and answers; some repeat, one is a failure. Every third feature is one-hot."""
    random = np.random.default_rng(seed)
    schema = Schema(
        tuple(
            Feature(f"f{f}", tuple(f"f{f}_{i}" for i in range(3)), tuple(map(tuple, np.eye(3).tolist())))
            if f % 3 == 2
            else Feature(f"f{f}", (f"f{f}",))
            for f in range(d)
        ),
        tuple(
            name for f in range(d) for name in ([f"f{f}_{i}" for i in range(3)] if f % 3 == 2 else [f"f{f}"])
        ),
    )
    judge = Rugged(random, 3 * d)
    curve = LogisticCurve(1.0, 0.0)
    objective = ExpectedScore(schema, cast(Any, judge), Calibration(curve, curve), judge.h, 0.7)
    values, candidates = (random.integers(0, 3, shape).astype(float) for shape in ((6, d), (6, 30, d)))
    values[4], candidates[4] = values[3], candidates[3]
    scores = judge.h(candidates)
    scores[5] = np.nan
    kept = objective.top_k(values, candidates, scores, 4).reshape(24)
    return objective, np.repeat(values, 4, axis=0), kept


@pytest.mark.parametrize("d", [1, 2, 5, 11])
@pytest.mark.parametrize("ruled", [False, True])
def test_wrong_guesses_change_no_answer(d: int, ruled: bool) -> None:
    def allowed(x: np.ndarray, answers: np.ndarray) -> np.ndarray:
        return (x != answers).sum(axis=1) % 4 != 1

    rule = allowed if ruled else None
    for seed in range(4):
        objective, values, chosen = rugged(seed, d)
        found = revert_changes(objective, values, chosen, rule)
        np.testing.assert_array_equal(found.answers, one_trial_at_a_time(objective, values, chosen, rule))
        given = np.isfinite(chosen.score)
        told = expectation(objective, values[given], found.answers[given, None])[:, 0]
        np.testing.assert_array_equal(found.score[given], told)
        np.testing.assert_array_equal(found.h[given], objective.h(found.answers[given]))
        alone = [
            revert_changes(objective, values[[i]], ScoredAnswers(*(part[[i]] for part in chosen)), rule)
            for i in range(0, 24, 5)
        ]
        np.testing.assert_array_equal(np.concatenate([one.answers for one in alone]), found.answers[::5])


def test_of_guesses_that_come_true_many_are_taken_in_one_round() -> None:
    d, asked = 12, list[int]()
    schema = Schema(tuple(Feature(f"f{f}", (f"f{f}",)) for f in range(d)), tuple(f"f{f}" for f in range(d)))
    judge = Rugged(np.random.default_rng(0), d)

    def h(rows: np.ndarray) -> np.ndarray:
        asked.append(len(rows))
        return np.ones(len(rows))

    flat = LogisticCurve(0.0, 0.0)
    objective = ExpectedScore(schema, cast(Any, judge), Calibration(flat, flat), h, 0.7)
    values, answers = np.zeros((3, d)), np.ones((3, 1, d)) * np.arange(1, 4)[:, None, None]
    chosen = objective.top_k(values, answers, np.ones((3, 1)), 1).best()
    found = revert_changes(objective, values, chosen)
    assert (found.answers == values).all()  # each change is better reverted
    assert len(asked) == 2
