"""Ascents on h: the search for whom no candidate is accepted."""

import itertools

import numpy as np
import pytest

from carla_genre.selection.ascent import STARTS, ascend, with_ascents

LEVELS = np.arange(3.0)
VALUES = np.array([[0.0, 0.0, 0.0], [2.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
MOVES = np.broadcast_to(np.repeat(LEVELS[:, None], 3, axis=1), (3, 3, 3))


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
    found, said = with_ascents(VALUES, candidates, scores, MOVES, rises)
    assert np.array_equal(found[1], candidates[1]) and np.array_equal(said[1], scores[1])
    assert ((said > 0.5).sum(axis=1)[[0, 2]] == STARTS).all()
    for row in (0, 2):
        alone = with_ascents(VALUES[[row]], candidates[[row]], scores[[row]], MOVES[[row]], rises)
        assert np.array_equal(alone[0][0], found[row]) and np.array_equal(alone[1][0], said[row])


def test_a_failure_is_no_start_and_few_candidates_are_enough() -> None:
    candidates = np.full((3, 1, 3), np.nan)
    found, said = with_ascents(VALUES, candidates, np.full((3, 1), np.nan), MOVES, rises)
    assert (said > 0.5).all()
    assert np.isfinite(found).all()


def test_the_ends_are_tried_only_for_whom_nothing_else_leads_anywhere() -> None:
    moves = np.array([-9.0, 0.0, 1.0, 2.0, 9.0])[:, None].repeat(3, axis=1)[None].repeat(3, axis=0)
    candidates, scores = np.zeros((3, 10, 3)), np.zeros((3, 10))

    def more(least: float) -> tuple[np.ndarray, np.ndarray]:
        return with_ascents(VALUES, candidates, scores, moves, lambda own, rows: rises(own, rows) - least)

    found, said = more(0.0)
    assert (said > 0.5).any(axis=1).all() and found.max() == 2.0
    found, said = more(0.5)  # without the ends h is .22 at most
    assert (said > 0.5).any(axis=1).all() and found.max() == 9.0
