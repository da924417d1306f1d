"""The surrogate judge's numbers as probabilities, calibrated by a parametric bootstrap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from carla_genre.selection.surrogate import MARGIN, NEIGHBOURS, SurrogateJudge

# Rows that the bootstrapped judges learn from in all. Labels of few rows are drawn several times; of more rows so many
# are drawn, where these have enough of either label.
BOOTSTRAP_ROWS = 20_000
MOST_DRAWS = 5
RAREST_LABEL = 100
# Minus the outlier factor below which scikit-learn calls a point an outlier.
INLIER = -1.5


@dataclass(frozen=True)
class LogisticCurve:
    """A probability that rises with a number, 1 / (1 + exp(-(slope x + offset))); ``slope`` is not negative."""

    slope: float
    offset: float

    @classmethod
    def fit(cls, numbers: np.ndarray, outcomes: np.ndarray) -> LogisticCurve:
        """By maximum likelihood, of numbers and outcomes (n,); flat where the numbers tell nothing."""
        if outcomes.any() and not outcomes.all():
            model = LogisticRegression(C=100.0, max_iter=1000)
            model.fit(numbers.reshape(-1, 1), outcomes)
            if model.coef_[0, 0] > 0:
                return cls(float(model.coef_[0, 0]), float(model.intercept_[0]))
        # One more outcome of each kind: what was never seen is not impossible.
        return cls(0.0, float(logit((outcomes.sum() + 1) / (len(outcomes) + 2))))

    def __call__(self, numbers: np.ndarray) -> np.ndarray:
        """The probability of each number."""
        probability: np.ndarray = expit(self.slope * numbers + self.offset)
        return probability


class Calibration(NamedTuple):
    """P(valid | the forest's probability) and P(inlier | the outlier factor)."""

    validity: LogisticCurve
    inlier: LogisticCurve


class BootstrapWorld(NamedTuple):
    """A world in which the truth is known.

    ``truth`` stands for the judge. Each of ``judges`` is a surrogate that learned from labels drawn by the truth.
    """

    truth: SurrogateJudge
    judges: list[SurrogateJudge]

    def right(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Whether points (n, W) are valid by a margin, and whether they are inliers, in truth: two bool (n,)."""
        return self.truth.validity(points) > 0.5 + MARGIN, self.truth.inlier(points) >= INLIER


def bootstrap(
    rows: np.ndarray,
    labels: np.ndarray,
    seed: int,
    n_jobs: int | None = None,
    most_rows: int = BOOTSTRAP_ROWS,
) -> BootstrapWorld:
    """Draw the labels again from a forest grown in full, and fit surrogate judges on the drawn labels.

    Rows, labels and ``n_jobs`` are as :meth:`SurrogateJudge.fit` takes them. The seed is that of forests and labels.
    This parametric bootstrap (Efron 1979) of "labels are drawn from p(y | x), and a judge is fitted on them" shows the
    surrogate's own error. Leaves of one row make the truth as rough as a true p may be; a smooth truth would hide
    the error. The judges learn from ``most_rows`` rows in all; of many rows some are enough.
    """
    random = np.random.default_rng(seed)
    rows, labels = _some(rows, labels, random, most_rows)
    truth, probability = SurrogateJudge.grown_in_full(rows, labels, seed + 1, n_jobs)
    judges: list[SurrogateJudge] = []
    for _ in range(int(np.clip(most_rows // len(rows), 1, MOST_DRAWS))):
        drawn = (random.random(len(rows)) < probability).astype(int)
        if not NEIGHBOURS < drawn.sum() < len(drawn):  # too few of a label for a judge
            drawn = labels
        judges.append(SurrogateJudge.fit(rows, drawn, seed + 2 + len(judges), n_jobs))
    return BootstrapWorld(truth, judges)


def _some(
    rows: np.ndarray, labels: np.ndarray, random: np.random.Generator, most_rows: int
) -> tuple[np.ndarray, np.ndarray]:
    """All rows (n, W) and labels (n,), or as many as are bootstrapped, drawn evenly and in their order."""
    if len(rows) <= most_rows:
        return rows, labels
    kept = np.sort(random.choice(len(rows), most_rows, replace=False))
    enough = np.bincount(labels[kept], minlength=2).min() >= RAREST_LABEL
    return (rows[kept], labels[kept]) if enough else (rows, labels)


def calibrate(world: BootstrapWorld, points: np.ndarray) -> Calibration:
    """Fit the curves on points (n, W) like those that will be judged: generated answers."""
    valid, inlier = world.right(points)
    n = len(world.judges)
    validity = np.concatenate([judge.validity(points) for judge in world.judges])
    outlyingness = np.concatenate([judge.inlier(points) for judge in world.judges])
    return Calibration(
        LogisticCurve.fit(validity, np.tile(valid, n)), LogisticCurve.fit(outlyingness, np.tile(inlier, n))
    )
