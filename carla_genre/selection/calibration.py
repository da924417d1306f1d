"""How far a second opinion can be trusted: its numbers as probabilities, found by a parametric bootstrap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from carla_genre.selection.surrogate import MARGIN, SecondOpinion

# Rows that the bootstrapped opinions learn from in all: small sets are drawn more often, and large ones once.
BOOTSTRAP_ROWS = 20_000
MOST_DRAWS = 5
# The outlier factor, with its sign turned, that scikit-learn calls an inlier's.
INLIER = -1.5


@dataclass(frozen=True)
class Curve:
    """A probability that rises with a number, 1 / (1 + exp(-(slope x + offset))).

    Attributes
    ----------
    slope, offset : float
        ``slope`` is not negative.
    """

    slope: float
    offset: float

    @classmethod
    def fit(cls, numbers: np.ndarray, outcomes: np.ndarray) -> Curve:
        """By maximum likelihood, of numbers and outcomes (n,); flat where the numbers tell nothing."""
        if outcomes.any() and not outcomes.all():
            model = LogisticRegression(C=100.0, max_iter=1000)
            model.fit(numbers.reshape(-1, 1), outcomes)
            if model.coef_[0, 0] > 0:
                return cls(float(model.coef_[0, 0]), float(model.intercept_[0]))
        # one outcome more of each kind: nothing seen is no certainty
        return cls(0.0, float(logit((outcomes.sum() + 1) / (len(outcomes) + 2))))

    def __call__(self, numbers: np.ndarray) -> np.ndarray:
        """The probability of each number."""
        return expit(self.slope * numbers + self.offset)


class Curves(NamedTuple):
    """P(valid | the forest's number) and P(inlier | the outlier factor)."""

    validity: Curve
    inlier: Curve


class Bootstrapped(NamedTuple):
    """A world that is known, and opinions formed in it.

    ``truth`` stands for the judge; each of ``opinions`` has learnt labels drawn from it.
    """

    truth: SecondOpinion
    opinions: list[SecondOpinion]

    def right(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Whether points (n, W) are valid by a margin, and inliers, in truth: two bool (n,)."""
        return self.truth.validity(points) > 0.5 + MARGIN, self.truth.inlier(points) >= INLIER


def bootstrap(rows: np.ndarray, labels: np.ndarray, seed: int, n_jobs: int | None = None) -> Bootstrapped:
    """Draw the labels again from a forest grown in full, and fit second opinions on the drawn ones.

    The estimate's own error is so seen where it matters, without a judge: a parametric bootstrap (Efron 1979) of
    "labels are drawn from p(y | x), and an opinion is fitted on them". A forest with leaves of one row is as rough as a
    true p may be, which one that is smooth would hide.

    Parameters
    ----------
    rows, labels
        As :meth:`SecondOpinion.fit` takes them.
    seed : int
        Of the forests and of the drawn labels.
    n_jobs : int, optional
    """
    truth = SecondOpinion.grown_in_full(rows, labels, seed + 1, n_jobs)
    probability, random = truth.validity(rows), np.random.default_rng(seed)
    opinions: list[SecondOpinion] = []
    for _ in range(int(np.clip(BOOTSTRAP_ROWS // len(rows), 1, MOST_DRAWS))):
        drawn = (random.random(len(rows)) < probability).astype(int)
        if len(np.unique(drawn)) < 2:
            drawn = labels
        opinions.append(SecondOpinion.fit(rows, drawn, seed + 2 + len(opinions), n_jobs))
    return Bootstrapped(truth, opinions)


def fit_curves(world: Bootstrapped, points: np.ndarray) -> Curves:
    """The curves of opinions on points (n, W), which are such as will be asked about: generated answers."""
    valid, inlier = world.right(points)
    n = len(world.opinions)
    validity = np.concatenate([opinion.validity(points) for opinion in world.opinions])
    outlyingness = np.concatenate([opinion.inlier(points) for opinion in world.opinions])
    return Curves(Curve.fit(validity, np.tile(valid, n)), Curve.fit(outlyingness, np.tile(inlier, n)))
