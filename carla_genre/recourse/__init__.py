"""Recourse for whoever has a classifier and a table: rows in original units in, answers in the same units out."""

from carla_genre.recourse.recommendations import Recommendations
from carla_genre.recourse.recourse import Recourse

__all__ = ["Recommendations", "Recourse"]
