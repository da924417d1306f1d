"""A stated risk, where the truth is known: wrong answers are as rare as promised, though h learned chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit
from sklearn.neighbors import KNeighborsClassifier

from carla_genre import InputError
from carla_genre.generator.config import SamplingConfig
from carla_genre.schema import Feature, Schema
from carla_genre.schema.training_rows import TrainingRows
from carla_genre.selection.promise import fit_selector, in_parts, learned_rows

SEEDS = range(6)
SCHEMA = Schema(tuple(Feature(name, (name,), lower=0.0, upper=1.0) for name in "ab"), ("a", "b"))


class Square:
    """Rows of the unit square, more often of label 1 in its upper right half; h repeats its neighbours' labels.

    Candidates are rows of label 1 that h accepts, as a generator draws them that has learned from D_h+.
    """

    schema = SCHEMA

    def __init__(self, seed: int, risk: float | None) -> None:
        self.seed = seed
        values, labels = self.drawn(1500, 0)
        self._h = KNeighborsClassifier(3).fit(values, labels)
        self.rows = TrainingRows(values, labels, self.scores(values))
        learned = learned_rows(self.rows, risk)
        self._targets = learned.values[learned.accepted(0.6)]

    def drawn(self, n: int, part: int) -> tuple[np.ndarray, np.ndarray]:
        random = np.random.default_rng([self.seed, part])
        values = random.random((n, 2))
        return values, (random.random(n) < self.probability(values)).astype(int)

    def probability(self, values: np.ndarray) -> np.ndarray:
        return expit(2 * (values.sum(axis=-1) - 1))

    def scores(self, values: np.ndarray) -> np.ndarray:
        asked = np.nan_to_num(values).reshape(-1, 2)
        return self._h.predict_proba(asked)[:, 1].reshape(values.shape[:-1])

    def candidates(self, values: np.ndarray, sampling: SamplingConfig) -> np.ndarray:
        random = np.random.default_rng(int(values.sum() * 2**20))
        distance = np.abs(values[:, None] - self._targets).sum(axis=2)
        nearest = distance.argsort(axis=1)[:, : 2 * sampling.n_samples]
        return self._targets[random.permuted(nearest, axis=1)[:, : sampling.n_samples]]


@pytest.fixture(scope="module", autouse=True)
def quick() -> None:
    """Forests as large as the package's: the promise is theirs."""


def shares(seed: int, risk: float, n_samples: int) -> tuple[float, float, float]:
    """Shares of new denied people with a wrong answer, with any answer, and with a wrong one if all were given."""
    source, sampling = Square(seed, risk), SamplingConfig(n_samples=n_samples)
    selector = fit_selector(source, source.rows, sampling, seed, risk, gamma=0.6)
    values, _ = source.drawn(2000, 1)
    people = values[source.scores(values) <= 0.5][:500]
    candidates = source.candidates(people, sampling)
    scores = source.scores(candidates)
    chosen = selector.select(people, candidates, scores)
    everybody = replace(selector, least_probability=0.0).select(people, candidates, scores)
    wrong = (source.probability(found.answers) <= 0.5 for found in (chosen, everybody))
    given = ~np.isnan(chosen.score)
    return tuple(float(share.mean()) for share in (next(wrong), given, next(wrong)))  # type: ignore[return-value]


@pytest.mark.slow
def test_at_most_the_stated_share_gets_a_wrong_answer() -> None:
    """The mean over six tables, by the label's own probability; without the bound a third is wrong."""
    wrong, given, without = np.mean([shares(seed, 0.1, 30) for seed in SEEDS], axis=0)
    assert wrong <= 0.1 < 0.2 < without and given > 0.2


def test_the_parts_of_the_rows_have_no_row_in_common() -> None:
    rows = Square(0, None).rows
    parts = in_parts(rows, 0.1)
    known = {tuple(row): h for row, h in zip(rows.values, rows.scores, strict=True)}
    sets = [{tuple(row) for row in part} for part in (parts.learned.values, parts.audit.values, parts.people)]
    assert not sets[0] & sets[1] and not (sets[0] | sets[1]) & sets[2]
    assert max(known[row] for row in sets[2]) <= 0.5
    for learned in (parts.learned, parts.audit):  # every kind of row is held out alike
        assert abs(learned.labels.mean() - rows.labels.mean()) < 0.05
        assert abs((learned.scores <= 0.5).mean() - (rows.scores <= 0.5).mean()) < 0.05


def test_too_few_people_are_told_before_anything_is_learned() -> None:
    rows = Square(0, None).rows
    with pytest.raises(InputError, match=r"risk 0\.001 cannot be promised from \d+ denied .* held out"):
        learned_rows(rows, 0.001)
    assert learned_rows(rows, None) is rows
