"""A small table and a classifier on it, for whoever checks a method and has nothing at hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from carla_genre.datasets import load_dataset

from carla.models.api import MLModel

PEOPLE = 12


class Applicants(MLModel):
    """Logistic regression on 600 applicants: three numbers, two categories; age and region are immutable by default."""

    def __init__(self, immutables: Sequence[str] = ("age", "region")) -> None:
        data = load_dataset(
            _table(),
            target="approved",
            categorical=["job", "region"],
            continuous=["income", "age", "debt"],
            immutables=immutables,
            quiet=True,
        )
        super().__init__(data)
        self._columns = [column for column in data.df_train.columns if column != data.target]
        rows, labels = data.df_train[self._columns].to_numpy(float), data.df_train[data.target]
        self._model = LogisticRegression(max_iter=500).fit(rows, labels)

    @property
    def feature_input_order(self) -> list[str]:
        """The columns that it reads."""
        return self._columns

    @property
    def backend(self) -> str:
        """As CARLA names it."""
        return "sklearn"

    @property
    def raw_model(self) -> Any:
        """scikit-learn's own."""
        return self._model

    def predict(self, x: Any) -> np.ndarray:
        """P(approved), (B,)."""
        return self.predict_proba(x)[:, 1]

    def predict_proba(self, x: Any) -> np.ndarray:
        """P(denied) and P(approved), (B, 2)."""
        rows = x[self._columns] if isinstance(x, pd.DataFrame) else x
        probabilities: np.ndarray = self._model.predict_proba(np.asarray(rows, dtype=float))
        return probabilities

    def denied(self) -> pd.DataFrame:
        """The first denied test rows."""
        test = self.data.df_test
        return test[self.predict(test) <= 0.5].head(PEOPLE)


def _table(n_rows: int = 600) -> pd.DataFrame:
    random = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "income": random.gamma(3.0, 10.0, n_rows).round(2),
            "age": random.integers(20, 60, n_rows),
            "debt": random.integers(0, 20, n_rows),
            "job": random.choice(["office", "outdoors", "shop"], n_rows),
            "region": random.choice(["north", "south", "west"], n_rows),
        }
    )
    merit = table["income"] / 10 - table["debt"] / 5 + (table["job"] == "office")
    table["approved"] = (merit + random.normal(0, 0.3, n_rows) > 1.6).astype(int)
    return table
