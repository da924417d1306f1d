"""treecf's genetic search for tree ensembles, told the constraints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch

from carla_genre.errors import InputError, MissingDependencyError
from carla_genre.generator.config import PairConfig
from carla_genre.generator.randomness import row_keys
from carla_genre.methods.core.base import MethodOptions
from carla_genre.methods.core.telling import ToldMethod
from carla_genre.options import option, option_of

# What is asked for where h > gamma is out of reach: h > .5.
JUST_ACCEPTED = 0.5 + 1e-6


@dataclass(frozen=True)
class TreeCFOptions(MethodOptions):
    gamma: float = option_of(PairConfig, "gamma", meaning="h that an answer has, if the search finds one.")
    time_budget: float = option(1.0, "Most seconds of a search.", "(0, inf)")


class TreeCF(ToldMethod):
    """The cheapest answer that the package treecf finds for an ensemble of trees.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
        A classifier whose ``raw_model`` is an ensemble that treecf reads, as scikit-learn's forests and boosting are.
        It is no black box here.
    hyperparams : mapping, optional
        The options below.

    Raises
    ------
    MissingDependencyError
        treecf is not installed (the extra ``peers``).
    InputError
        treecf does not read the classifier.

    Notes
    -----
    Wlazlo's package treecf, by its genetic search, with the cost of this package: L1 of scaled numbers, and 1 for a
    changed category. Immutables, directions, ranges and one-hot groups are its own constraints. It is asked for
    h >= ``gamma``, and where it finds none, for h > .5. A search ends at its time budget at the
    latest.
    """

    OPTIONS = TreeCFOptions()

    def _prepare(self) -> None:
        try:
            import treecf
        except ImportError as error:
            raise MissingDependencyError(
                "TreeCF needs treecf: pip install 'carla-genre[peers]' (or pip install 'treecf>=0.3')"
            ) from error
        self._model = getattr(self._mlmodel, "raw_model", None)
        try:
            self._explainer(treecf)
        except treecf.UnsupportedModelError as error:
            raise InputError(f"TreeCF: h must be an ensemble of trees that treecf reads: {error}") from error

    def _explainer(self, treecf: Any) -> Any:
        """With the constraints of the schema, in encoded columns."""
        names = getattr(self._model, "feature_names_in_", None)
        columns = self.schema.columns
        named = dict(
            zip(columns, [f"f{i}" for i in range(len(columns))] if names is None else names, strict=True)
        )
        constraints: list[Any] = []
        policy: dict[str, Any] = {}
        weights = dict.fromkeys(named.values(), 1.0)
        for feature in self.schema.features:
            own = [named[column] for column in feature.columns]
            if feature.immutable:
                constraints += [treecf.Freeze(name) for name in own]
            elif feature.levels is None:
                constraints.append(treecf.Range(own[0], feature.lower, feature.upper))
                if feature.direction:
                    way = "increase" if feature.direction > 0 else "decrease"
                    constraints.append(treecf.Monotone(own[0], way))
            else:
                ends = np.array(feature.levels, dtype=float)[:, 0]
                low, high = float(ends.min()), float(ends.max())
                constraints += [treecf.Range(name, low, high) for name in own]
                policy |= dict.fromkeys(own, treecf.Grid(step=(high - low) or 1.0, anchor=low))
                weights |= dict.fromkeys(own, 1.0 / min(len(own), 2))
                if len(own) > 1:
                    constraints.append(treecf.OneHot(tuple(own)))
        scale = np.ones(len(columns))
        return treecf.Explainer(
            self._model, normalizers=scale, weights=weights, constraints=constraints, value_policy=policy
        )

    def _answer(self, values: np.ndarray) -> np.ndarray:
        import treecf

        explainer, rows = self._explainer(treecf), self.schema.decode(values).to_numpy(dtype=float)
        target = treecf.Target.probability
        if type(self._model).__name__.startswith("RandomForest"):
            target = treecf.Target.raw  # whose raw score is the probability
        targets = [target(op=">=", value=least) for least in (self.hyperparams["gamma"], JUST_ACCEPTED)]
        seeds = row_keys(torch.from_numpy(values), self.hyperparams["seed"]) % 2**31
        found = [
            self._one(explainer, row, targets, seed) for row, seed in zip(rows, seeds.tolist(), strict=True)
        ]
        return self.schema.constrain(values, self._encoded(np.array(found)))

    def _one(self, explainer: Any, row: np.ndarray, targets: list[Any], seed: int) -> np.ndarray:
        """An answer to an encoded row (C,), NaN where there is none."""
        for target in targets:
            found = explainer.explain(row, target, time_budget_s=self.hyperparams["time_budget"], seed=seed)
            if hasattr(found, "x_cf"):
                return np.asarray(found.x_cf, dtype=float)
        return np.full(len(row), np.nan)

    def _encoded(self, rows: np.ndarray) -> np.ndarray:
        """Encoded columns (B, C) as values (B, D), NaN for a row that has none or whose categories are no levels."""
        frame = pd.DataFrame(rows, columns=list(self.schema.columns))
        values = np.full((len(rows), len(self.schema.features)), np.nan)
        levels = {
            feature.columns: np.array(feature.levels, dtype=float)
            for feature in self.schema.features
            if feature.levels is not None
        }
        there = ~np.isnan(rows).any(axis=1)
        for columns, known in levels.items():
            part = frame[list(columns)].to_numpy()
            there &= (part[:, None] == known[None]).all(axis=2).any(axis=1)
        if there.any():
            values[there] = self.schema.encode(frame[there])
        return values
