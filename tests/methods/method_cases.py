"""Applicants with a 12-level job, and hand-written classifiers on them, for the methods' tests."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
import pytest

from carla_genre import load_dataset
from carla_genre.selection import calibration, surrogate

from carla.models.api import MLModel  # isort: skip (after carla_genre)

JOBS = [f"job {letter}" for letter in "abcdefghijkl"]
ROLES: dict[str, Any] = {
    "target": "approved",
    "categorical": ["job", "owner", "region"],
    "continuous": ["income", "age", "debt"],
    "immutables": ["age", "region"],
}
QUICK = {
    "selection": "validity",  # tests/selection has the default
    "training": {"steps": 40, "batch_size": 128, "evaluations": 4},
    "architecture": {"decoder_layers": 1},
    "verbose": False,
}


@contextmanager
def quick_selector(trees: int = 15) -> Iterator[None]:
    """Smaller forests and one bootstrapped judge: a selector is fitted in a moment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(surrogate, "TREES", trees)
        patch.setattr(calibration, "MOST_DRAWS", 1)
        yield


def applicants(n: int = 1500, seed: int = 0) -> pd.DataFrame:
    """Income and debt decide, the job helps."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "income": random.gamma(3.0, 10.0, n).round(2),
            "age": random.integers(20, 30, n),
            "debt": random.integers(0, 20, n),
            "job": random.choice(JOBS, n),
            "owner": random.choice(["no", "yes"], n),
            "region": random.choice(["north", "south", "west"], n),
        }
    )
    merit = frame["income"] / 10 - frame["debt"] / 5 + frame["job"].isin(JOBS[:4])
    frame["approved"] = (merit + random.normal(0, 0.3, n) > 1.6).astype(int)
    return frame


class Logistic(MLModel):
    """scikit-learn's logistic regression behind CARLA's interface, as a user would write it."""

    def __init__(self, data: Any, columns: list[str] | None = None) -> None:
        from sklearn.linear_model import LogisticRegression

        super().__init__(data)
        train = data.df_train
        self._columns = columns or [column for column in train.columns if column != data.target]
        self._model = LogisticRegression(max_iter=500).fit(self._numbers(train), train[data.target])

    def _numbers(self, frame: Any) -> np.ndarray:
        part = pd.DataFrame(frame, columns=self._columns)
        return np.column_stack(
            [part[c].to_numpy() if part[c].dtype.kind in "fiub" else part[c].map(hash_level) for c in part]
        ).astype(float)

    @property
    def feature_input_order(self) -> list[str]:
        return self._columns

    @property
    def backend(self) -> str:
        return "sklearn"

    @property
    def raw_model(self) -> Any:
        return self._model

    def predict(self, x: Any) -> np.ndarray:
        return self.predict_proba(x)[:, 1]

    def predict_proba(self, x: Any) -> np.ndarray:
        return self._model.predict_proba(self._numbers(x))


class Instead:
    """An object with some attributes of another kind: a classifier with other answers, data with other rows."""

    def __init__(self, of: Any, **instead: Any) -> None:
        vars(self).update(instead, of=of)

    def __getattr__(self, name: str) -> Any:
        if name == "of":  # a copy has none yet
            raise AttributeError(name)
        return getattr(self.of, name)


def answers_to(method: Any, values: np.ndarray) -> np.ndarray:
    """The answers (B, D) to encoded factuals (B, D), NaN where there is none; asked for as a user does."""
    answers = method.get_counterfactuals(method.schema.decode(values))
    found = np.full(values.shape, np.nan)
    there = answers.notna().all(axis=1).to_numpy()
    found[there] = method.schema.encode(answers[there])
    return found


class _CtrlC(logging.Handler):
    def __init__(self, step: int) -> None:
        super().__init__()
        self.step = step

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith(f"step {self.step} of "):
            signal.raise_signal(signal.SIGINT)


@contextmanager
def training_stopped_at(step: int) -> Iterator[None]:
    """A Ctrl-C when a training, which is verbose, logs the losses of a step."""
    logger, handler = logging.getLogger("carla_genre.generator.trainer"), _CtrlC(step)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)


def hash_level(level: object) -> float:
    """A number for a text level, for the Identity encoding."""
    return sum(map(ord, str(level))) % 17 / 17


def make_mlmodel(encoding: str = "OneHot_drop_binary", **roles: Any) -> Logistic:
    """A classifier on 1,500 applicants."""
    data = load_dataset(applicants(), encoding_method=encoding, quiet=True, **{**ROLES, **roles})
    return Logistic(data)


def denied(mlmodel: MLModel, n: int = 20) -> pd.DataFrame:
    """The first n denied test rows."""
    test = mlmodel.data.df_test
    return test[mlmodel.predict_proba(test)[:, 1] <= 0.5].head(n)


def assert_contract(method: Any, factuals: pd.DataFrame, answers: pd.DataFrame) -> None:
    """Index, columns, NaN rows, constraints: exactly."""
    mlmodel = method.classifier.mlmodel
    pd.testing.assert_index_equal(answers.index, factuals.index)
    assert list(answers.columns) == list(mlmodel.feature_input_order)
    missing = answers.isna()
    assert (missing.any(axis=1) == missing.all(axis=1)).all()
    found = answers.dropna()
    own = factuals.loc[found.index, answers.columns]
    for feature in method.schema.features:
        columns = list(feature.columns)
        if feature.immutable:
            assert (found[columns].to_numpy() == own[columns].to_numpy()).all()
        if feature.levels is not None:
            assert set(map(tuple, found[columns].to_numpy().tolist())) <= set(feature.levels)
        else:
            changed = (found[columns] != own[columns]).iloc[:, 0]
            values = found.loc[changed, columns[0]]
            assert values.between(feature.lower, feature.upper).all()
    if len(found):
        assert (mlmodel.predict_proba(found)[:, 1] > 0.5).all()
