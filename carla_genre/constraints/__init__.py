"""What recourse may change: small objects with a name, checked against the features, exact in every answer."""

from carla_genre.constraints.constraint import Constraint
from carla_genre.constraints.limits import Limits, Variables
from carla_genre.constraints.one_feature import Allowed, Freeze, OneWay, Range, Weight
from carla_genre.constraints.several_features import AtMost, Implies, Where

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
