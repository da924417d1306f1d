"""Random tables, classifiers that are trained on them, and random people to ask about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

TARGET = "outcome"
NUMBERS = ("decimal", "whole", "float", "skewed")
KINDS = (*NUMBERS, "level", "grade", "code", "flag")
SPELLED = (" low", "Middle", "high ", "öfter", "n/a?", "a, b", "<7>", "x" * 30)


@dataclass(frozen=True)
class World:
    """A table, a classifier that was trained on it, and what its columns are.

    Attributes
    ----------
    table : DataFrame (n, D + 1)
    people : DataFrame (B, D + 2)
        In another order of columns, with further ones.
    classifier : object
    desired : object
    threshold : float
    kinds : mapping
        Feature -> one of KINDS.
    orders : mapping
        Feature -> its levels from the lowest to the highest, where its dtype says so.
    categorical : list of str
        What the door has to be told to be levels.
    model : str
        The classifier's name.
    """

    table: pd.DataFrame
    people: pd.DataFrame
    classifier: Any
    desired: Any
    threshold: float
    kinds: Mapping[str, str]
    orders: Mapping[str, list[Any]]
    categorical: list[str]
    model: str

    @property
    def numbers(self) -> list[str]:
        """The features that are numbers."""
        return [name for name, kind in self.kinds.items() if kind in NUMBERS]

    @property
    def levels(self) -> list[str]:
        """The features that have levels."""
        return [name for name, kind in self.kinds.items() if kind not in NUMBERS]

    def accepts(self, rows: pd.DataFrame) -> np.ndarray:
        """Which rows (n, any) the user's own classifier accepts, asked as its user would, bool (n,)."""
        asked = rows[list(self.kinds)]
        if isinstance(self.desired, tuple):
            predicted = self.classifier.predict(asked)
            return np.asarray((predicted >= self.desired[0]) & (predicted <= self.desired[1]))
        return self.says(rows) > self.threshold

    def says(self, rows: pd.DataFrame) -> np.ndarray:
        """The classifier's own number of rows, (n,)."""
        asked = rows[list(self.kinds)]
        if isinstance(self.desired, tuple):
            return np.asarray(self.classifier.predict(asked), dtype=float)
        if not hasattr(self.classifier, "predict_proba"):
            return np.asarray(self.classifier(asked), dtype=float)
        wanted = self.desired if isinstance(self.desired, set) else {self.desired}
        classes = list(self.classifier.classes_)
        own = [classes.index(label) for label in classes if label in wanted]
        return np.asarray(self.classifier.predict_proba(asked)[:, own].astype(float).sum(axis=1))


def random_world(random: np.random.Generator, rows: int = 400, train: int = 200) -> World:
    """Two to forty columns of every kind, with gaps in some, and a classifier of any kind on top."""
    d = int(random.integers(2, 13)) if random.random() < 0.85 else int(random.integers(13, 41))
    gaps = random.random() < 0.5
    table, kinds, orders = dict[str, pd.Series](), dict[str, str](), dict[str, list[Any]]()
    merit = np.zeros(rows)
    for place in range(d):
        kind = str(random.choice(NUMBERS if place == 0 else KINDS))
        name = f"{kind}{place}" if random.random() < 0.7 else f"{kind} {place} (€)"
        cells, worth = _column(random, kind, rows)
        merit += random.normal() * (worth - worth.mean()) / (worth.std() or 1)
        if isinstance(cells.dtype, pd.CategoricalDtype) and cells.dtype.ordered:
            orders[name] = cells.cat.categories.tolist()
        if gaps and random.random() < 0.3 and cells.dtype.kind in "fO" and str(cells.dtype) != "string":
            cells = cells.mask(pd.Series(random.random(rows) < 0.1))
        table[name], kinds[name] = cells, kind
    frame = pd.DataFrame(table)
    noisy = merit + random.normal(0, 0.3 * (merit.std() or 1), rows)
    way = str(random.choice(["two", "two", "two", "three", "number"]))
    share = random.uniform(0.4, 0.85)
    outcome, desired = _outcome(random, noisy, way, share)
    frame[TARGET] = outcome
    known = frame.iloc[:train].reset_index(drop=True)
    model, classifier = _classifier(random, known, kinds, way)
    threshold = float(random.choice([0.5, 0.5, 0.3, 0.7])) if way == "two" else 0.5
    people = frame.iloc[train:].drop(columns=TARGET)
    categorical = [name for name, kind in kinds.items() if kind == "code"]
    return World(
        known,
        _dressed(random, people),
        classifier,
        desired,
        threshold,
        kinds,
        orders,
        categorical,
        model,
    )


def _column(random: np.random.Generator, kind: str, n: int) -> tuple[pd.Series, np.ndarray]:
    """Cells (n,) of a kind, and what they are worth, (n,)."""
    if kind in NUMBERS:
        return _numbers(random, kind, n)
    if kind == "flag":
        worth = random.random(n) < random.uniform(0.2, 0.8)
        dtype = str(random.choice(["bool", "int64", "boolean", "int8"]))
        return pd.Series(worth).astype(dtype), worth.astype(float)
    count = int(random.integers(2, 7))
    if kind == "code":
        levels: list[Any] = random.choice(np.arange(1, 90), count, replace=False).tolist()
    else:
        levels = list(random.permutation(SPELLED)[:count])
    codes = random.integers(0, count, n)
    if kind == "grade":
        cells = pd.Series(pd.Categorical.from_codes(codes, levels, ordered=True))
        return cells, codes.astype(float)
    cells = pd.Series([levels[code] for code in codes], dtype="int64" if kind == "code" else None)
    if kind == "level" and random.random() < 0.4:
        cells = cells.astype(str(random.choice(["category", "object", "string"])))
    return cells, random.normal(size=count)[codes]


def _numbers(random: np.random.Generator, kind: str, n: int) -> tuple[pd.Series, np.ndarray]:
    spread = 10 ** random.uniform(-0.5, 4)
    cells = random.normal(random.normal() * 100, spread, n)
    if kind == "skewed":
        cells = np.exp(random.normal(2, 1.2, n)).round(2)
    if kind == "decimal":
        cells = cells.round(int(random.integers(1, 4)))
    if kind == "whole":
        whole = pd.Series(np.round(cells if random.random() < 0.5 else random.poisson(2, n)))
        return whole.astype(str(random.choice(["int64", "int32", "float64", "Int64"]))), whole.to_numpy()
    dtype = str(random.choice(["float64", "float64", "float32", "Float64"]))
    return pd.Series(cells).astype("float64" if kind == "skewed" else dtype), cells


def _outcome(random: np.random.Generator, merit: np.ndarray, way: str, share: float) -> tuple[Any, Any]:
    """The target's cells (n,), and what is desired of them."""
    cut = np.quantile(merit, share)
    if way == "number":
        amount = (merit * 100).round(1)
        return amount, (float((cut * 100).round(1)), float(amount.max() + 1000))
    if way == "three":
        upper = np.quantile(merit, share + (1 - share) / 2)
        return np.where(merit > upper, "gold", np.where(merit > cut, "silver", "tin")), {"gold", "silver"}
    if random.random() < 0.5:
        return (merit > cut).astype(int), 1
    return np.where(merit > cut, "yes", "no"), "yes"


def _classifier(
    random: np.random.Generator, table: pd.DataFrame, kinds: Mapping[str, str], way: str
) -> tuple[str, Any]:
    """A classifier that is trained on raw rows, and its name."""
    features, outcome = table.drop(columns=TARGET), table[TARGET]
    if way == "number":
        model: Any = GradientBoostingRegressor(n_estimators=15, random_state=0)
        return "boosted regressor", make_pipeline(_encoder(random, kinds, False), model).fit(
            features, outcome
        )
    makers: dict[str, Any] = {
        "logistic regression": LogisticRegression(max_iter=300),
        "gradient boosting": GradientBoostingClassifier(n_estimators=12, random_state=0),
        "random forest": RandomForestClassifier(12, min_samples_leaf=3, random_state=0),
        "decision tree": DecisionTreeClassifier(min_samples_leaf=5, random_state=0),
        "histogram boosting": HistGradientBoostingClassifier(max_iter=12, random_state=0),
        **_boosters(),
    }
    name = str(random.choice(list(makers)))
    given = kinds, name != "logistic regression", name in ("histogram boosting", "xgboost", "lightgbm")
    if name in ("xgboost", "lightgbm"):
        outcome = (
            outcome if way == "two" and outcome.dtype.kind == "i" else outcome.astype("category").cat.codes
        )
        inner = make_pipeline(_encoder(random, *given), makers[name]).fit(features, outcome)
        labels = sorted(table[TARGET].unique())
        return name, inner if way == "two" and labels == [0, 1] else Named(inner, labels)
    return name, make_pipeline(_encoder(random, *given), makers[name]).fit(features, outcome)


def _boosters() -> dict[str, Any]:
    """Those of other packages that are installed."""
    found: dict[str, Any] = {}
    try:
        from xgboost import XGBClassifier

        found["xgboost"] = XGBClassifier(n_estimators=12, max_depth=3, n_jobs=1)
    except ImportError:
        pass
    try:
        from lightgbm import LGBMClassifier

        found["lightgbm"] = LGBMClassifier(n_estimators=12, n_jobs=1, verbose=-1)
    except ImportError:
        pass
    return found


class Named:
    """A booster that numbers its classes, behind the names that its user gives them."""

    def __init__(self, inner: Any, labels: list[Any]) -> None:
        self.inner, self.classes_ = inner, np.array(labels)
        self.feature_names_in_ = inner.feature_names_in_

    def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
        """The probability of each class, (n, classes)."""
        return np.asarray(self.inner.predict_proba(rows))


def _as_doubles(cells: pd.DataFrame) -> np.ndarray:
    """Numbers as a booster takes them, with their gaps."""
    doubles: np.ndarray = cells.to_numpy(dtype=float, na_value=np.nan)
    return doubles


def _encoder(
    random: np.random.Generator, kinds: Mapping[str, str], trees: bool, takes_gaps: bool = False
) -> ColumnTransformer:
    """What stands before a model: imputers, scalers, one-hot and ordinal encoders."""
    if trees and takes_gaps and random.random() < 0.5:
        numbers: Any = FunctionTransformer(_as_doubles)
    else:
        strategy = str(random.choice(["mean", "median", "most_frequent"]))
        imputer = SimpleImputer(strategy=strategy, add_indicator=bool(random.integers(2)))
        numbers = make_pipeline(
            imputer, "passthrough" if trees and random.random() < 0.5 else StandardScaler()
        )
    text: Any = OneHotEncoder(handle_unknown=str(random.choice(["error", "ignore"])), sparse_output=False)
    if random.random() < 0.4:
        text = OrdinalEncoder(handle_unknown="error", encoded_missing_value=-1)
    parts = {
        "numbers": (numbers, [name for name, kind in kinds.items() if kind in NUMBERS]),
        "flags": ("passthrough", [name for name, kind in kinds.items() if kind == "flag"]),
        "texts": (text, [name for name, kind in kinds.items() if kind not in (*NUMBERS, "flag")]),
    }
    return ColumnTransformer([(name, way, columns) for name, (way, columns) in parts.items() if columns])


def _dressed(random: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    """People under an index of any kind, in another order of columns, with columns that are no features."""
    n = len(people)
    whole = random.permutation(10 * n)[:n]
    odd: list[Any] = [
        pd.Index([f"p{i}" for i in whole], name="who"),
        pd.Index(whole - 5 * n),
        pd.Index(whole / 4, name="account"),
        pd.date_range("2024-01-31", periods=n, freq="D", tz="Europe/Vienna"),
        pd.MultiIndex.from_arrays([whole % 7, [f"{i}" for i in whole]], names=["branch", None]),
        pd.Index(whole % (n // 2), name="twice"),
        people.index,
    ]
    people = people.set_axis(odd[int(random.integers(len(odd)))])
    people = people.assign(remark="x", day=pd.Timestamp("2024-02-29"), note=pd.NA)
    return people[list(random.permutation(people.columns))]
