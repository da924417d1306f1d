"""Rows of D_h+ that other rows confirm: what is learned from where a lucky label should count for nothing."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import StratifiedKFold

from carla_genre.errors import InputError
from carla_genre.generator.config import PairConfig
from carla_genre.generator.pairing.pairs import split_rows
from carla_genre.schema import Schema
from carla_genre.schema.training_rows import Sides, TrainingRows
from carla_genre.selection.calibration import INLIER
from carla_genre.selection.selector import MOST_ROWS
from carla_genre.selection.surrogate import NEIGHBOURS, SurrogateJudge, points_of


def confirmed_sides(
    rows: TrainingRows,
    schema: Schema,
    config: PairConfig,
    least: float | None,
    seed: int,
    n_jobs: int | None = None,
) -> Sides:
    """D_h-, and the rows of D_h+ that are :func:`confirmed`; all of D_h+ where ``least`` is None.

    Raises
    ------
    InputError
        A side is empty, or the labels are too few of a kind to confirm any.
    """
    if least is None:
        return rows.sides(config)
    denied, accepted = split_rows(rows.labels, rows.scores, config)
    positive, n_parts = int((rows.labels == 1).sum()), _n_parts(len(rows.labels), MOST_ROWS)
    if positive // n_parts <= NEIGHBOURS or len(rows.labels) - positive < n_parts:
        of = "" if n_parts == 1 else f" of each {MOST_ROWS:,}"
        raise InputError(
            f"hyperparameter 'confirmed' needs more than {NEIGHBOURS} training rows of label 1, and rows of label "
            f"0{of}; there are {positive:,} and {len(rows.labels) - positive:,}: leave it out"
        )
    kept = accepted & confirmed(points_of(schema, rows.values), rows.labels, least, seed, n_jobs)
    if not kept.any():
        raise InputError(
            f"hyperparameter 'confirmed': none of {accepted.sum()} rows of D_h+ is confirmed at {least:g}: lower it"
        )
    return Sides(rows.values[denied], rows.values[kept])


def confirmed(
    points: np.ndarray,
    labels: np.ndarray,
    least: float,
    seed: int,
    n_jobs: int | None = None,
    most: int = MOST_ROWS,
) -> np.ndarray:
    """Which rows a surrogate judge accepts that has not seen them, as a mask (n,).

    Trees that have not grown on a row give it p(y = 1) > ``least``, and its outlier factor among the other rows that
    the judge accepts is an inlier's. Very many rows are judged in parts, each with its share of either label.

    Parameters
    ----------
    points : ndarray (n, W)
        Of :func:`carla_genre.selection.surrogate.points_of`.
    labels : ndarray (n,)
        0 and 1.
    least : float
        In [0, 1).
    seed : int
    n_jobs : int, optional
        Trees that grow at the same time; changes no figure.
    most : int
        Rows of a part.
    """
    kept, n_parts = np.zeros(len(points), bool), _n_parts(len(points), most)
    parts = [np.arange(len(points))]
    if n_parts > 1:
        folds = StratifiedKFold(n_parts, shuffle=True, random_state=seed)
        parts = [part for _, part in folds.split(points, labels)]
    for part in parts:
        judge = SurrogateJudge.fit(points[part], labels[part], seed, n_jobs)
        kept[part] = (judge.forest.out_of_bag() > least) & (judge.inlier_of_rows() >= INLIER)
    return kept


def _n_parts(n_rows: int, most: int) -> int:
    return -(-n_rows // most)
