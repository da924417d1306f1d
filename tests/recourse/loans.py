"""A table of loan applications and pipelines that are trained on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from carla_genre import Recourse

NUMBERS = ["age", "income", "debt", "dependants"]
QUICK = {
    "training": {"steps": 60, "batch_size": 128, "evaluations": 1},
    "architecture": {"decoder_layers": 1, "embedding": 16},
    "n_samples": 40,
}


def loans(n: int = 600, seed: int = 0) -> pd.DataFrame:
    """Loan applications in original units; income with two decimals, debt in steps of 250."""
    random = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "age": random.integers(18, 75, n),
            "income": random.normal(3200, 1100, n).clip(600).round(2),
            "debt": random.integers(0, 40, n) * 250,
            "home": random.choice(["own", "rent", "parents"], n, p=[0.5, 0.4, 0.1]),
            "dependants": random.integers(0, 5, n),
        }
    )
    merit = (table["income"] - 2900) / 900 - (table["debt"] - 4000) / 3000 + (table["home"] == "own") * 0.8
    table["approved"] = np.where(merit + random.normal(0, 0.5, n) > 0, "yes", "no")
    return table


def pipeline(
    table: pd.DataFrame, target: str = "approved", model: Any = None, numbers: Sequence[str] = NUMBERS
) -> Pipeline:
    """What a user has trained on raw columns long before; gaps of numbers are imputed."""
    features = table.drop(columns=target)
    texts = [name for name in features if name not in numbers]
    before = ColumnTransformer(
        [
            (
                "numbers",
                make_pipeline(SimpleImputer(), StandardScaler()),
                [n for n in features if n in numbers],
            ),
            ("texts", OneHotEncoder(), texts),
        ]
    )
    model = GradientBoostingClassifier(n_estimators=30, random_state=0) if model is None else model
    return Pipeline([("before", before), ("model", model)]).fit(features, table[target])


def refused(model: Any, people: pd.DataFrame, good: Any = "yes", threshold: float = 0.5) -> pd.DataFrame:
    """The people whom the pipeline refuses."""
    return people[model.predict_proba(people)[:, list(model.classes_).index(good)] <= threshold]


TABLE = loans()
TRAIN, PEOPLE = TABLE.iloc[:450], TABLE.iloc[450:].drop(columns="approved")


def built(
    classifier: Any,
    table: pd.DataFrame = TRAIN,
    target: str = "approved",
    desired: Any = "yes",
    n_samples: int = 40,
    **further: Any,
) -> Recourse:
    """The door with a generator that is ready in a moment; the caller has the quick selector."""
    hyperparams = {**QUICK, "n_samples": n_samples}
    return Recourse(classifier, table, target, desired, verbose=False, hyperparams=hyperparams, **further)
