"""Ascents on h: the search for whom no candidate is accepted."""

import itertools

import numpy as np
import pytest

from carla_genre.selection.ascent import STARTS, Moves, ascend, with_ascents

LEVELS = np.arange(3.0)
VALUES = np.array([[0.0, 0.0, 0.0], [2.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
MOVES = np.broadcast_to(np.repeat(LEVELS[:, None], 3, axis=1), (3, 3, 3))


# The same for everybody, between ends that nothing lies at.
POINTS = Moves(np.concatenate([LEVELS[:1], LEVELS, LEVELS[-1:]])[:, None].repeat(3, axis=1))


def everybody(part: np.ndarray, points: np.ndarray) -> np.ndarray:
    """No constraints."""
    return np.repeat(points[None], len(part), axis=0)


def rises(own: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """h of rows: it rises with every feature, each to its own degree."""
    return rows @ np.array([0.1, 0.12, 0.14])


def test_an_ascent_finds_what_an_exhaustive_search_finds() -> None:
    for bound in itertools.product((0, 1, 2), repeat=3):  # how far each feature may go
        moves = np.minimum(MOVES, bound)
        rows, scores = ascend(VALUES, VALUES, moves, rises)
        every = [[*row] for row in itertools.product(*(sorted({*moves[0, :, f]}) for f in range(3)))]
        there_is = max(rises(VALUES, np.array(every))) > 0.5
        assert (scores[0] > 0.5) == there_is
        assert np.array_equal(scores, rises(VALUES, rows))
        assert ((rows <= np.array(bound)) | (rows == VALUES)).all()


def test_one_change_at_a_time_the_one_that_raises_h_most() -> None:
    rows, _ = ascend(VALUES[:1], VALUES[:1], MOVES[:1], rises)
    assert rows.tolist() == [[0.0, 2.0, 2.0]]  # the third, then the second; then h is .52


def test_what_a_rule_forbids_is_never_taken() -> None:
    def at_most_two(own: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return np.where((rows != own).sum(axis=1) <= 1, rises(own, rows), 0.0)

    rows, scores = ascend(VALUES, VALUES, MOVES, at_most_two)
    assert ((rows != VALUES).sum(axis=1) <= 1).all()
    assert scores.tolist() == pytest.approx([0.28, 0.58, 0.5 - 0.1])


def test_whoever_has_an_accepted_candidate_keeps_all_of_them() -> None:
    candidates = np.random.default_rng(0).integers(0, 2, (3, 10, 3)).astype(float)
    scores = np.full((3, 10), 0.2)
    scores[1, 4] = 0.9
    found, said = with_ascents(VALUES, candidates, scores, POINTS, everybody, rises)
    assert np.array_equal(found[1], candidates[1]) and np.array_equal(said[1], scores[1])
    assert ((said > 0.5).sum(axis=1)[[0, 2]] == STARTS).all()
    for row in (0, 2):
        alone = with_ascents(VALUES[[row]], candidates[[row]], scores[[row]], POINTS, everybody, rises)
        assert np.array_equal(alone[0][0], found[row]) and np.array_equal(alone[1][0], said[row])


def test_a_failure_is_no_start_and_few_candidates_are_enough() -> None:
    candidates = np.full((3, 1, 3), np.nan)
    found, said = with_ascents(VALUES, candidates, np.full((3, 1), np.nan), POINTS, everybody, rises)
    assert (said > 0.5).all()
    assert np.isfinite(found).all()


def test_the_ends_are_tried_only_for_whom_nothing_else_leads_anywhere() -> None:
    moves = Moves(np.array([-9.0, 0.0, 1.0, 2.0, 9.0])[:, None].repeat(3, axis=1))
    candidates, scores = np.zeros((3, 10, 3)), np.zeros((3, 10))

    def more(least: float) -> tuple[np.ndarray, np.ndarray]:
        return with_ascents(
            VALUES, candidates, scores, moves, everybody, lambda own, rows: rises(own, rows) - least
        )

    found, said = more(0.0)
    assert (said > 0.5).any(axis=1).all() and found.max() == 2.0
    found, said = more(0.5)  # without the ends h is .22 at most
    assert (said > 0.5).any(axis=1).all() and found.max() == 9.0


def test_a_value_that_few_rows_have_is_tried_for_whom_nothing_else_leads_anywhere() -> None:
    """A classifier of steps may accept one value alone, between those that many rows have."""
    rows = np.concatenate([np.repeat(LEVELS, 30), [1.3]])[:, None].repeat(3, axis=1)
    coarse = POINTS.coarse.copy()
    coarse[[0, -1]] = [[-np.inf], [np.inf]]
    moves = Moves.of_rows(coarse, rows)
    assert moves.fine is not None and moves.fine[1:-1, 0].tolist() == [0.0, 1.0, 1.3, 2.0]

    def allowed(part: np.ndarray, points: np.ndarray) -> np.ndarray:
        return np.clip(everybody(part, points), 0.0, 2.0)

    def step(own: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return np.where((rows[:, 0] == 1.3) & (own[:, 0] == 0.0), 0.9, 0.2)

    candidates, scores = np.ones((3, 4, 3)), np.full((3, 4), 0.2)
    found, said = with_ascents(VALUES, candidates, scores, moves, allowed, step)
    assert (said > 0.5).any(axis=1).tolist() == [True, False, True]
    assert found[0][said[0] > 0.5].tolist() == [[1.3, 0.0, 0.0]]
    found, said = with_ascents(VALUES, candidates, scores, Moves(coarse), allowed, step)
    assert not (said > 0.5).any()


def test_of_very_many_values_some_are_taken_evenly() -> None:
    values = np.stack([np.arange(1000.0), np.arange(1000.0) % 3], axis=1)
    fine = Moves.of_rows(POINTS.coarse[:, :2], values, most=11).fine
    assert fine is not None and fine.shape == (13, 2)
    assert fine[1:-1, 0].tolist() == pytest.approx(np.linspace(0, 999, 11), abs=0.51)
    assert fine[1:-1, 1].tolist() == [0.0, 1.0] + [2.0] * 9
