"""The features of a classifier's input, and the way between its columns and one value a feature."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.blackbox import BlackBox, attributes
from carla_genre.errors import InputError
from carla_genre.frames import check_columns
from carla_genre.generator.constraints import FeatureConstraints
from carla_genre.io import in_json
from carla_genre.schema.cells import codes, single_numbers
from carla_genre.schema.feature import Feature
from carla_genre.schema.numeric import NumericColumns
from carla_genre.schema.reading import read_features


@dataclass(frozen=True)
class Schema:
    """The features of a classifier's input, in the order of their first encoded column.

    Parameters
    ----------
    features : tuple of Feature
        D features.
    columns : tuple of str
        The classifier's ``feature_input_order``: every feature's columns, each once.
    """

    features: tuple[Feature, ...]
    columns: tuple[str, ...]

    @classmethod
    def from_mlmodel(
        cls, mlmodel: BlackBox, constraints: Mapping[str, Mapping[str, Any]] | None = None
    ) -> Schema:
        """Read the schema of a CARLA classifier and its data.

        Parameters
        ----------
        mlmodel : carla.models.api.MLModel
            Gives ``feature_input_order`` and ``data``. A feature that the classifier does not see is
            not part of the schema.
        constraints : mapping, optional
            Feature name -> ``{"direction": "increase" | "decrease", "range": (low, high),
            "immutable": bool}``, the range in the data's original units. They come on top of the
            catalog's own ``constraints`` attribute, where it has one: an answer holds both.

        Raises
        ------
        InputError
            ``mlmodel`` is no classifier, a column of it belongs to no feature, or a constraint names no feature or
            contradicts the catalog's.
        """
        data, order = attributes(mlmodel, ("data", "feature_input_order"), "classifier", "carla.MLModel")
        attributes(data, ("df", "df_train", "target", "continuous", "categorical"), "data", "carla.Data")
        columns = tuple(str(column) for column in order or ())
        if not columns or len(set(columns)) < len(columns):
            raise InputError(
                f"{type(mlmodel).__name__}.feature_input_order is empty or has a name twice: {columns}"
            )
        return cls(read_features(data, columns, constraints), columns)

    def within(self, other: Schema) -> Schema:
        """The same features under the constraints of both.

        Raises
        ------
        InputError
            The ranges of a feature have nothing in common.
        """
        pairs = zip(self.features, other.features, strict=True)
        return replace(self, features=tuple(one.within(two) for one, two in pairs))

    @property
    def names(self) -> tuple[str, ...]:
        """The D features' names."""
        return tuple(feature.name for feature in self.features)

    @cached_property
    def _numeric(self) -> NumericColumns | None:
        return NumericColumns.of(self.features, self.columns)

    @property
    def categorical(self) -> np.ndarray:
        """Which positions are categorical, bool (D,)."""
        return np.array([feature.levels is not None for feature in self.features], dtype=bool)

    @property
    def immutable(self) -> np.ndarray:
        """Which positions may not change, bool (D,)."""
        return np.array([feature.immutable for feature in self.features], dtype=bool)

    @cached_property
    def constraints(self) -> FeatureConstraints:
        """Kinds and constraints of the D features, as the generator knows them."""
        return FeatureConstraints(
            categorical=self.categorical,
            immutable=self.immutable,
            direction=np.array([feature.direction for feature in self.features]),
            lower=np.array([feature.lower for feature in self.features]),
            upper=np.array([feature.upper for feature in self.features]),
        )

    @property
    def level_counts(self) -> np.ndarray:
        """Levels of each feature, int (D,); 0 for a continuous one."""
        return np.array([len(feature.levels or ()) for feature in self.features])

    def encode(self, frame: pd.DataFrame) -> np.ndarray:
        """Give each row one value a feature.

        Parameters
        ----------
        frame : DataFrame (B, any)
            Encoded rows; columns in any order, further columns are ignored.

        Returns
        -------
        ndarray (B, D), float64
            The scaled value of a continuous feature, the level's number of a categorical one.

        Raises
        ------
        InputError
            A column is missing or there twice.
        UnreadableRows
            A value is not a finite number of single precision, or a group is none of its levels.
        """
        check_columns(frame, self.columns, whose="the classifier's")
        values = self._numeric.encode(frame) if self._numeric else None
        if values is None:
            values = self._encode_columns(frame)
        return values + 0.0  # -0.0 is the same person as 0.0

    def _encode_columns(self, frame: pd.DataFrame) -> np.ndarray:
        """Column by column, with an error that names the one that cannot be read."""
        values = np.empty((len(frame), len(self.features)))
        for position, feature in enumerate(self.features):
            if feature.levels is None:
                values[:, position] = single_numbers(frame[feature.columns[0]], feature.name)
            else:
                values[:, position] = codes(frame[list(feature.columns)], feature)
        return values

    def decode(self, values: np.ndarray, index: Iterable[Hashable] | pd.Index | None = None) -> pd.DataFrame:
        """Turn one value a feature back into the classifier's columns.

        Parameters
        ----------
        values : ndarray (B, D)
            As :meth:`encode` gives them; a row that has a NaN becomes a row of NaN.
        index : index of length B, optional
            The rows' index.

        Returns
        -------
        DataFrame (B, len(columns))
            Columns in the classifier's order.
        """
        values = np.asarray(values, dtype=float)
        if values.ndim != 2 or values.shape[1] != len(self.features):
            raise InputError(f"values: expected shape (B, {len(self.features)}), got {values.shape}")
        frame_index = index if index is None or isinstance(index, pd.Index) else pd.Index(index)
        decoded = self._numeric.decode(values, frame_index) if self._numeric else None
        return self._decode_columns(values, frame_index) if decoded is None else decoded

    def _decode_columns(self, values: np.ndarray, index: pd.Index | None) -> pd.DataFrame:
        """Column by column, each of its own dtype."""
        answered = ~np.isnan(values).any(axis=1)
        data: dict[str, np.ndarray] = {}
        for position, feature in enumerate(self.features):
            if feature.levels is None:
                data[feature.columns[0]] = np.where(answered, values[:, position], np.nan)
                continue
            codes = np.where(answered, values[:, position], 0).astype(int)
            for i, column in enumerate(feature.columns):
                cells = np.array([level[i] for level in feature.levels])[codes]
                if not answered.all():
                    cells = cells if cells.dtype.kind in "biuf" else cells.astype(object)
                    cells = np.where(answered, cells, np.nan)
                data[column] = cells
        return pd.DataFrame(data, index=index, columns=list(self.columns))

    def cost(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """L1 cost of changing ``a`` to ``b``: |difference| a continuous feature, 1 a changed category.

        The paper's C (section 2) for binary categories, where both agree; infinite where an
        immutable differs is left to the caller.

        Parameters
        ----------
        a, b : ndarray (..., D)
            Encoded rows that broadcast.

        Returns
        -------
        ndarray (...)
        """
        difference = np.abs(np.asarray(a, float) - np.asarray(b, float))
        difference[..., self.categorical] = np.where(np.isnan(difference), np.nan, difference > 0)[
            ..., self.categorical
        ]
        cost: np.ndarray = difference.sum(axis=-1)
        return cost

    def bounds(self, factuals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Least and greatest value, or level number, that an answer to factuals (..., D) may have.

        Returns
        -------
        lower, upper : ndarray (..., D)
            Both are the factual's own value where nothing else is allowed: an immutable, or a value outside the
            feature's range that would have to move away from it.
        """
        factuals, rules = np.asarray(factuals, dtype=float), self.constraints
        lower = np.where(self.categorical, 0, rules.lower)
        upper = np.where(self.categorical, self.level_counts - 1, rules.upper)
        direction = rules.direction
        low = np.where(direction > 0, np.maximum(lower, factuals), lower)
        high = np.where(direction < 0, np.minimum(upper, factuals), upper)
        fixed = (low > high) | self.immutable
        return np.where(fixed, factuals, low), np.where(fixed, factuals, high)

    def constrain(self, factuals: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """The nearest allowed values to answers (..., D), which broadcast against the factuals.

        Immutables are put back, codes rounded to levels, ranges and directions clipped; what equals the
        factual's value stays; a NaN stays one.
        """
        factuals, answers = np.broadcast_arrays(np.asarray(factuals, float), np.asarray(answers, float))
        nearest = np.clip(np.where(self.categorical, np.rint(answers), answers), *self.bounds(factuals))
        return np.where(answers == factuals, factuals, nearest)

    def allowed(self, factuals: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """Whether candidates (..., D) keep all constraints as answers to factuals that broadcast, bool (...)."""
        factuals, candidates = np.asarray(factuals, float), np.asarray(candidates, float)
        lower, upper = self.bounds(factuals)
        inside = (candidates >= lower) & (candidates <= upper)
        kept: np.ndarray = (inside | (candidates == factuals)).all(axis=-1)
        return kept

    def far_outside(self, values: np.ndarray) -> np.ndarray:
        """Which numbers (..., D) are further outside of the training rows' range than it, or 1, is wide: bool."""
        low, high = np.array([feature.seen or (-np.inf, np.inf) for feature in self.features]).T
        margin = np.maximum(high - low, 1.0)
        outside: np.ndarray = (values < low - margin) | (values > high + margin)
        return outside

    def to_dict(self) -> dict[str, Any]:
        """The schema in JSON's types; a bound that is infinite is None."""
        features = [asdict(feature) for feature in self.features]
        described: dict[str, Any] = in_json({"columns": self.columns, "features": features})
        return described

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Schema:
        """The inverse of :meth:`to_dict`."""

        def tuples(value: Any) -> Any:
            return tuple(map(tuples, value)) if isinstance(value, list) else value

        ends = {"lower": -np.inf, "upper": np.inf}
        features: list[dict[str, Any]] = [
            {name: ends.get(name) if value is None else tuples(value) for name, value in values.items()}
            for values in content["features"]
        ]
        return cls(tuple(Feature(**values) for values in features), tuple(content["columns"]))
