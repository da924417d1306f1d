"""The classifier's columns as a search moves them: categories at their levels, constraints held."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from carla_genre.schema import Schema


class _Category(NamedTuple):
    """One categorical feature: its number, its columns, and its levels, (K, columns)."""

    feature: int
    columns: list[int]
    levels: Tensor

    def nearest(self, rows: Tensor) -> Tensor:
        """(B, C) -> the number of the nearest level, (B,): the largest of a one-hot group, the first of equals."""
        half = self.levels.square().sum(dim=1) / 2
        # Without the least: of a one-hot group nothing is left to round.
        return (rows[:, self.columns] @ self.levels.T - (half - half.min())).argmax(dim=1)


class Columns:
    """The way between D features and C columns in single precision, in which CARLA's networks compute.

    Parameters
    ----------
    schema : Schema
        D features in C columns, all numbers.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        place = {column: number for number, column in enumerate(schema.columns)}
        self._categories, self._numbers = [], np.flatnonzero(~schema.categorical)
        for number, feature in enumerate(schema.features):
            if feature.levels is not None:
                columns = [place[column] for column in feature.columns]
                levels = torch.tensor(np.array(feature.levels, dtype=np.float32))
                self._categories.append(_Category(number, columns, levels))
        self._places = [place[schema.features[number].columns[0]] for number in self._numbers]

    def encode(self, values: np.ndarray) -> Tensor:
        """Features (B, D) -> columns (B, C), float32."""
        return torch.tensor(self._schema.decode(values).to_numpy(dtype=float)).float()

    def decode(self, rows: Tensor) -> np.ndarray:
        """Columns (B, C) -> features (B, D), categories at their nearest levels; a row with a NaN is one of NaN."""
        values = np.empty((len(rows), len(self._schema.features)))
        values[:, self._numbers] = rows[:, self._places].double().numpy()
        for category in self._categories:
            values[:, category.feature] = category.nearest(rows).numpy()
        values[rows.isnan().any(dim=1).numpy()] = np.nan
        return values

    def at_levels(self, rows: Tensor) -> Tensor:
        """Rows (B, C) whose categories are at their nearest levels, which have no gradient."""
        valid = rows.clone()
        for category in self._categories:
            valid[:, category.columns] = category.levels[category.nearest(rows)]
        return valid

    def bounds(self, values: np.ndarray) -> tuple[Tensor, Tensor]:
        """Least and greatest of each column that an answer to values (B, D) may have, (B, C) each."""
        own = self.encode(values)
        lower, upper = torch.full_like(own, -torch.inf), torch.full_like(own, torch.inf)
        least, greatest = (
            torch.tensor(bound[:, self._numbers]).float() for bound in self._schema.bounds(values)
        )
        lower[:, self._places], upper[:, self._places] = least, greatest
        for category in self._categories:
            if self._schema.immutable[category.feature]:
                lower[:, category.columns] = upper[:, category.columns] = own[:, category.columns]
        return lower, upper
