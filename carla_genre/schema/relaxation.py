"""Encoded rows as vectors for gradients and networks, where a category may lie between its levels."""

from __future__ import annotations

import numpy as np

from carla_genre.errors import InputError
from carla_genre.schema.schema import Schema


class Relaxation:
    """One number a continuous feature, one in [0, 1] a category of two levels, a one-hot group a larger one.

    Parameters
    ----------
    schema : Schema
        D features.

    Attributes
    ----------
    width : int
        Numbers a row, W.
    feature : ndarray (W,), int
        The feature that each number belongs to.
    one_hot : ndarray (W,), bool
        The numbers of one-hot groups: a changed category moves two of them by 1.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        sizes = [1 if f.levels is None or len(f.levels) <= 2 else len(f.levels) for f in schema.features]
        self.feature = np.repeat(np.arange(len(sizes)), sizes)
        self.one_hot = np.repeat(np.array(sizes) > 1, sizes)
        self.width = len(self.feature)
        ends = np.cumsum(sizes)
        self.slices = tuple(slice(int(end - size), int(end)) for end, size in zip(ends, sizes, strict=True))

    def encode(self, values: np.ndarray) -> np.ndarray:
        """(..., D) -> (..., W)."""
        values = np.asarray(values, dtype=float)
        vectors = np.empty((*values.shape[:-1], self.width))
        for position, part in enumerate(self.slices):
            size, column = part.stop - part.start, values[..., position, None]
            vectors[..., part] = column if size == 1 else column == np.arange(size)
        return vectors

    def decode(self, vectors: np.ndarray) -> np.ndarray:
        """(..., W) -> (..., D): a category is its nearest, or its largest, level; the inverse of ``encode``.

        Continuous numbers are taken as they are: see :meth:`Schema.constrain`.
        """
        vectors = np.asarray(vectors, dtype=float)
        values = np.empty((*vectors.shape[:-1], len(self.slices)))
        for position, part in enumerate(self.slices):
            numbers, levels = vectors[..., part], self.schema.features[position].levels
            if levels is None:
                values[..., position] = numbers[..., 0]
            elif numbers.shape[-1] == 1:
                values[..., position] = np.clip(np.rint(numbers[..., 0]), 0, len(levels) - 1)
            else:
                values[..., position] = numbers.argmax(axis=-1)
        missing = np.isnan(vectors).any(axis=-1)
        values[missing] = np.nan
        return values

    def bounds(self, factuals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Least and greatest of each number that an answer to factuals (B, D) may have, (B, W) each."""
        lower, upper = self.schema.bounds(factuals)
        categorical, own = self.schema.categorical[self.feature], self.encode(factuals)
        fixed = self.schema.immutable[self.feature]
        low, high = lower[..., self.feature], upper[..., self.feature]
        low, high = np.where(categorical, 0.0, low), np.where(categorical, 1.0, high)
        return np.where(fixed, own, low), np.where(fixed, own, high)

    def columns(self) -> tuple[np.ndarray, np.ndarray]:
        """The affine map to the classifier's columns: ``vectors @ matrix + offset``, (W, C) and (C,).

        Raises
        ------
        InputError
            A categorical's columns are not numbers.
        """
        names = self.schema.columns
        matrix, offset = np.zeros((self.width, len(names))), np.zeros(len(names))
        for feature, part in zip(self.schema.features, self.slices, strict=True):
            indices = [names.index(column) for column in feature.columns]
            if feature.levels is None:
                matrix[part.start, indices] = 1.0
                continue
            try:
                levels = np.array(feature.levels, dtype=float)
            except ValueError as error:
                raise InputError(
                    f"categorical {feature.name!r} has columns that are not numbers: encode it one-hot"
                ) from error
            if part.stop - part.start > 1:
                matrix[part.start : part.stop, indices] = levels
            else:
                offset[indices] = levels[0]
                matrix[part.start, indices] = levels[-1] - levels[0]
        return matrix, offset
