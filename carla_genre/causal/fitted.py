"""Additive-noise models that are fitted on training rows: x = f(causes) + noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, SplineTransformer, StandardScaler

# At most so many training rows are learned from.
MOST_ROWS = 20_000
FOLDS = 5
# A simpler model is taken whose squared error is at most so much above the least one's.
TIE = 1.01


@dataclass(frozen=True)
class FittedMechanism:
    """How one number follows from its causes by a fitted regression.

    Attributes
    ----------
    effect : int
    causes : tuple of int
    levels : tuple of int
        Of each cause, how many levels it has; 0 for a number.
    kind : str
        Which of the models has the least error in cross-validation.
    model : regressor
    """

    effect: int
    causes: tuple[int, ...]
    levels: tuple[int, ...]
    kind: str
    model: Any

    @classmethod
    def fit(
        cls, rows: np.ndarray, effect: int, causes: Sequence[int], level_counts: np.ndarray, seed: int
    ) -> FittedMechanism:
        """Fit on encoded rows (n, D), in the features' encoded units; ``level_counts`` (D,)."""
        random = np.random.default_rng([seed, effect])
        rows = rows[random.permutation(len(rows))[:MOST_ROWS]]
        levels = tuple(int(level_counts[cause]) for cause in causes)
        given, wanted = design(rows[:, list(causes)], levels), rows[:, effect]
        kind, model = best_model(given, wanted, seed)
        return cls(effect, tuple(causes), levels, kind, model.fit(given, wanted))

    def counterfactual(self, values: np.ndarray, states: np.ndarray) -> np.ndarray:
        """The effect (n,) in states (n, D) whose causes are there already, for people with values (n, D)."""
        difference = self.expected(states) - self.expected(values)  # the noise is the person's own: it stays
        moved: np.ndarray = values[:, self.effect] + difference
        return moved

    def expected(self, rows: np.ndarray) -> np.ndarray:
        """What is expected by the causes in encoded rows (n, D): (n,)."""
        given = design(rows[:, list(self.causes)], self.levels)
        if self.kind == "boosting":
            predicted: np.ndarray = self.model.predict(given)
            return predicted
        terms, last = self.model[:-1].transform(given), self.model[-1]
        total = np.full(len(rows), float(last.intercept_))
        for column, weight in zip(
            terms.T, last.coef_, strict=True
        ):  # term by term: no row depends on the others
            total = total + column * weight
        return total


def design(rows: np.ndarray, levels: Sequence[int]) -> np.ndarray:
    """Causes (n, P) as regressors (n, W): a category of L levels becomes L - 1 columns of 0 and 1."""
    columns = []
    for position, n_levels in enumerate(levels):
        cells = rows[:, position]
        columns += (
            [cells] if not n_levels else [(cells == level).astype(float) for level in range(1, n_levels)]
        )
    return np.column_stack(columns) if columns else np.zeros((len(rows), 1))


def best_model(given: np.ndarray, wanted: np.ndarray, seed: int) -> tuple[str, Any]:
    """The model of the least squared error in cross-validation, the simpler one of two that are about as good."""
    if len(wanted) < 10 * FOLDS or np.ptp(wanted) == 0:
        return "linear", _models(seed)["linear"]
    folds = KFold(FOLDS, shuffle=True, random_state=seed % 2**32)
    models = _models(seed)
    error = {
        kind: -cross_val_score(model, given, wanted, cv=folds, scoring="neg_mean_squared_error").mean()
        for kind, model in models.items()
    }
    least = min(error.values())
    kind = next(kind for kind in models if error[kind] <= TIE * least)
    return kind, models[kind]


def _models(seed: int) -> dict[str, Any]:
    """From the simplest; numbers far outside of the training rows are extrapolated along a line where that can be."""
    return {
        "linear": make_pipeline(StandardScaler(), LinearRegression()),
        "quadratic": make_pipeline(
            StandardScaler(), PolynomialFeatures(2, include_bias=False), Ridge(alpha=1e-3)
        ),
        "splines": make_pipeline(
            StandardScaler(),
            SplineTransformer(12, knots="quantile", extrapolation="linear"),
            Ridge(alpha=1e-2),
        ),
        "boosting": HistGradientBoostingRegressor(random_state=seed % 2**32, early_stopping=False),
    }
