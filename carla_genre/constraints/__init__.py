"""What recourse may change: small objects with a name, checked against the features, exact in every answer."""

from carla_genre.constraints.limits import Limits, Variables
from carla_genre.constraints.vocabulary import (
    Allowed,
    AtMost,
    Constraint,
    Freeze,
    Implies,
    OneWay,
    Range,
    Weight,
    Where,
)

__all__ = [
    "Allowed",
    "AtMost",
    "Constraint",
    "Freeze",
    "Implies",
    "Limits",
    "OneWay",
    "Range",
    "Variables",
    "Weight",
    "Where",
]
