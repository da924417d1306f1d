"""The features of a CARLA classifier in original units, as equations speak of them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.constraints import Variables
from carla_genre.schema import Schema
from carla_genre.schema.feature import Feature
from carla_genre.schema.reading import encoder_levels


@dataclass(frozen=True)
class _Units:
    """Numbers and levels of D features; ``scale`` and ``offset`` (D,) take an original number to an encoded one."""

    names: tuple[str, ...]
    levels: tuple[tuple[Hashable, ...] | None, ...]
    scale: np.ndarray
    offset: np.ndarray

    def encode(self, position: int, numbers: np.ndarray) -> np.ndarray:
        original: np.ndarray = numbers * self.scale[position] + self.offset[position]
        return original

    def decode(self, values: np.ndarray) -> pd.DataFrame:
        columns = {}
        for position, (name, levels) in enumerate(zip(self.names, self.levels, strict=True)):
            column = values[:, position]
            if levels is None:
                columns[name] = (column - self.offset[position]) / self.scale[position]
            else:
                columns[name] = pd.Series(list(levels)).to_numpy()[column.astype(int)]
        return pd.DataFrame(columns)


def variables_of(schema: Schema, data: Any) -> Variables:
    """The features of a schema in the original units of CARLA's data: its scaler and its encoder undone."""
    known = encoder_levels(data)
    levels = tuple(_levels(feature, known.get(feature.name)) for feature in schema.features)
    scale, offset = np.array([_line(feature, data) for feature in schema.features]).reshape(-1, 2).T
    units = _Units(schema.names, levels, scale, offset)
    nothing = (None,) * len(levels)
    return Variables(schema.names, levels, nothing, nothing, units.encode, units.decode)


def _levels(feature: Feature, known: np.ndarray | None) -> tuple[Hashable, ...] | None:
    """The levels as the raw data spell them: an encoded column is 1 for the level that its name ends with."""
    if feature.levels is None:
        return None
    if known is None or feature.columns == (feature.name,):
        return tuple(level[0] if len(level) == 1 else _by_name(feature, level) for level in feature.levels)
    spelled = {f"{feature.name}_{level}": level for level in np.asarray(known).tolist()}
    dropped = [level for column, level in spelled.items() if column not in feature.columns]
    return tuple(
        spelled[feature.columns[level.index(1)]] if 1 in level else (dropped or [None])[0]
        for level in feature.levels
    )


def _by_name(feature: Feature, level: tuple[Hashable, ...]) -> Hashable:
    return feature.columns[level.index(1)].removeprefix(f"{feature.name}_") if 1 in level else None


def _line(feature: Feature, data: Any) -> tuple[float, float]:
    """Scale and offset of a number, through two points: the ends of its training values."""
    scaler, continuous = getattr(data, "scaler", None), list(data.continuous or ())
    if feature.levels is not None or scaler is None:
        return 1.0, 0.0
    low, high = feature.seen or (0.0, 1.0)
    high = high if high > low else low + 1.0
    rows = pd.DataFrame(0.0, index=range(2), columns=continuous)
    rows[feature.name] = [low, high]
    start, end = np.asarray(scaler.inverse_transform(rows), float)[:, continuous.index(feature.name)]
    scale = (high - low) / (end - start)
    return scale, low - start * scale
