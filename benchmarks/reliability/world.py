"""A small world: applicants, a classifier that is a formula, and a generator that is trained in a moment."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from carla_genre import GenRe, Recourse, load_dataset

from carla.models.api import MLModel

JOBS = ("clerk", "cook", "nurse", "smith")
ROLES: dict[str, Any] = {
    "target": "approved",
    "categorical": ["job", "owner"],
    "continuous": ["income", "age", "debt"],
    "immutables": ["age"],
    "decreasing": ["debt"],
}
# What the command line loads by name.
MODEL = "benchmarks.reliability.world:raw_model"
TRAINING = {"steps": 40, "batch_size": 64, "evaluations": 2}
ARCHITECTURE = {"decoder_layers": 1, "embedding": 8, "heads": 2, "feed_forward": 16, "summary": 16}
QUICK: dict[str, Any] = {
    "selection": "validity",
    "training": TRAINING,
    "architecture": ARCHITECTURE,
    "verbose": False,
}


def applicants(n: int = 400, seed: int = 0) -> pd.DataFrame:
    """Applicants in their own units, with the label "approved" of 0 and 1.

    Parameters
    ----------
    n, seed : int
        How many, and which.
    """
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "income": random.gamma(3.0, 10.0, n).round(2),
            "age": random.integers(20, 60, n),
            "debt": random.integers(0, 20, n),
            "job": random.choice(JOBS, n),
            "owner": random.choice(["no", "yes"], n),
        }
    )
    merit = frame["income"] / 10 - frame["debt"] / 5 + (frame["job"] == JOBS[0])
    frame["approved"] = (merit + random.normal(0, 0.3, n) > 1.4).astype(int)
    return frame


class Formula(MLModel):
    """h is a logistic formula of the encoded columns: the same in each process, and fast."""

    WEIGHTS = {"income": 9.0, "debt": -3.0, "job_clerk": 1.0, "job_cook": -0.5, "owner_yes": 0.5}

    @property
    def feature_input_order(self) -> list[str]:
        """All encoded columns but the label's."""
        return [column for column in self.data.df.columns if column != self.data.target]

    @property
    def backend(self) -> str:
        """A name that CARLA knows."""
        return "sklearn"

    @property
    def raw_model(self) -> Any:
        """There is none beside the formula."""
        return self

    def predict(self, x: Any) -> np.ndarray:
        """The probability of label 1, (B, 1)."""
        return self.predict_proba(x)[:, 1:]

    def predict_proba(self, x: Any) -> np.ndarray:
        """The probabilities of both labels, (B, 2)."""
        rows = pd.DataFrame(x, columns=self.feature_input_order)
        logit = sum(weight * rows[name] for name, weight in self.WEIGHTS.items() if name in rows) - 1.0
        accepted = 1 / (1 + np.exp(-np.asarray(logit, dtype=float)))
        return np.column_stack([1 - accepted, accepted])


def classifier() -> Formula:
    """The classifier with its data: the same one each time."""
    return Formula(load_dataset(applicants(), quiet=True, **ROLES))


class RawFormula:
    """h of rows in original units, as a user's own model."""

    classes_ = np.array([0, 1])

    def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
        """The probabilities of both labels, (B, 2)."""
        logit = rows["income"] / 10 - rows["debt"] / 5 + (rows["job"] == JOBS[0]) - 1.4
        accepted = 1 / (1 + np.exp(-3 * np.asarray(logit, dtype=float)))
        return np.column_stack([1 - accepted, accepted])


def raw_model() -> RawFormula:
    """The same one each time."""
    return RawFormula()


def recourse() -> Recourse:
    """A Recourse of little training."""
    return Recourse(raw_model(), applicants(), "approved", 1, hyperparams=QUICK, verbose=False)


def trained(mlmodel: Any, **changes: Any) -> GenRe:
    """A GenRe of little training."""
    return GenRe(mlmodel, {**QUICK, **changes})


def denied(mlmodel: Any, n: int) -> pd.DataFrame:
    """The first n rows that h denies, encoded."""
    rows = mlmodel.data.df
    return rows[mlmodel.predict_proba(rows)[:, 1] <= 0.5].head(n)
