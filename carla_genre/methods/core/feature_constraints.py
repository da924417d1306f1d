"""A schema as the generator room knows it: arrays over the features."""

from __future__ import annotations

import numpy as np

from carla_genre.generator.constraints import FeatureConstraints
from carla_genre.schema import Schema


def feature_constraints(schema: Schema) -> FeatureConstraints:
    """The features' kinds and constraints."""
    features = schema.features
    return FeatureConstraints(
        categorical=schema.categorical,
        immutable=schema.immutable,
        direction=np.array([feature.direction for feature in features]),
        lower=np.array([feature.lower for feature in features]),
        upper=np.array([feature.upper for feature in features]),
    )


def level_counts(schema: Schema) -> np.ndarray:
    """Levels of each feature, int (D,); 0 for a continuous one."""
    return np.array([0 if feature.levels is None else len(feature.levels) for feature in schema.features])
