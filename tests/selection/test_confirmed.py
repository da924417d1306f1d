"""Rows of D_h+ that other rows confirm."""

from __future__ import annotations

import numpy as np
import pytest
from method_cases import make_mlmodel

from carla_genre import GenRe, InputError
from carla_genre.generator.config import PairConfig
from carla_genre.methods.baselines.nearest import NearestNeighbor
from carla_genre.schema.training_rows import TrainingRows
from carla_genre.selection.confirmed import confirmed, confirmed_sides


def world(n: int, lucky: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points of the unit square whose label is 1 to the right; some of the left have it by luck."""
    random = np.random.default_rng(0)
    points = random.random((n, 2)).astype(np.float32)
    right = points[:, 0] > 0.5
    by_luck = ~right & (random.random(n) < lucky)
    return points, (right | by_luck).astype(int), by_luck


def test_a_lucky_label_is_not_confirmed() -> None:
    points, labels, by_luck = world(600, lucky=0.1)
    kept = confirmed(points, labels, 0.6, seed=0)
    clear = points[:, 0] > 0.6
    assert kept[clear].mean() > 0.9 and kept[by_luck & (points[:, 0] < 0.4)].sum() == 0


def test_a_far_row_is_not_confirmed() -> None:
    points, labels, _ = world(400)
    points = np.concatenate([points, np.float32([[3.0, 0.5]])])
    assert not confirmed(points, np.append(labels, 1), 0.5, seed=0)[-1]
    assert confirmed(points[:-1], labels, 0.5, seed=0)[points[:-1, 0] > 0.6].mean() > 0.9


def test_the_surer_the_fewer_and_the_same_seed_confirms_the_same() -> None:
    points, labels, _ = world(500, lucky=0.2)
    some, fewer = (confirmed(points, labels, least, seed=3) for least in (0.5, 0.9))
    assert fewer.sum() < some.sum() and not (fewer & ~some).any()
    np.testing.assert_array_equal(some, confirmed(points, labels, 0.5, seed=3, n_jobs=2))


def test_very_many_rows_are_judged_in_parts() -> None:
    points, labels, _ = world(500)
    kept = confirmed(points, labels, 0.6, seed=0, most=200)
    assert kept[points[:, 0] > 0.6].mean() > 0.85 and not kept[points[:, 0] < 0.4].any()


@pytest.mark.parametrize("seed", range(5))
def test_each_part_has_its_share_of_a_rare_label(seed: int) -> None:
    points, labels, _ = world(400)
    rare = np.zeros_like(labels)
    rare[np.argsort(points[:, 0])[-12:]] = 1  # six for each of two parts: as few as a judge can learn from
    assert not confirmed(points, rare, 0.5, seed, most=200)[points[:, 0] < 0.5].any()


def test_too_few_of_a_label_for_each_part_are_counted_in_the_error() -> None:
    method = NearestNeighbor(make_mlmodel())
    picked = np.resize(np.arange(len(method.training_rows.values)), 50_001)
    labels = (np.arange(50_001) < 9).astype(int)
    many = TrainingRows(method.training_rows.values[picked], labels, method.training_rows.scores[picked])
    with pytest.raises(
        InputError, match="rows of label 0 of each 50,000; there are 9 and 49,992: leave it out"
    ):
        confirmed_sides(many, method.schema, PairConfig(gamma=0.6, denied="code"), 0.6, 0)


def test_genre_learns_from_confirmed_rows_alone() -> None:
    given = {"gamma": 0.6, "selection": "validity", "training": {"steps": 5}, "verbose": False}
    mlmodel = make_mlmodel()
    every, few = GenRe(mlmodel, given), GenRe(mlmodel, {**given, "confirmed": 0.8})
    values = every.schema.encode(mlmodel.data.df_train)
    assert (every.candidates(values[:20]) != few.candidates(values[:20])).any()


def test_where_nothing_is_confirmed_the_error_says_so() -> None:
    method = NearestNeighbor(make_mlmodel())
    rows, random = method.training_rows, np.random.default_rng(0)
    noise = TrainingRows(rows.values, random.permutation(rows.labels), rows.scores)
    one_kind = TrainingRows(rows.values, np.ones_like(rows.labels), rows.scores)
    config = PairConfig(gamma=0.6, denied="code")
    with pytest.raises(
        InputError, match=r"'confirmed': none of \d+ rows of D_h\+ is confirmed at 0.99: lower it"
    ):
        confirmed_sides(noise, method.schema, config, 0.99, 0)
    with pytest.raises(
        InputError, match="'confirmed' needs more than 5 training rows of label 1, and rows of label 0"
    ):
        confirmed_sides(one_kind, method.schema, config, 0.6, 0)


@pytest.mark.parametrize("wrong", [1.0, -0.1, "yes"])
def test_a_wrong_value_is_named(wrong: object) -> None:
    with pytest.raises(InputError, match="confirmed must be"):
        GenRe(make_mlmodel(), {"confirmed": wrong})
