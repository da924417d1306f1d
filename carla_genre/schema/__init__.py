"""Encoded columns <-> features: one position a feature, a one-hot group being one position."""

from carla_genre.schema.feature import Feature
from carla_genre.schema.relaxation import Relaxation
from carla_genre.schema.schema import Schema

__all__ = ["Feature", "Relaxation", "Schema"]
