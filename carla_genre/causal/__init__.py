"""What follows from a change: a causal model of the features, by abduction, action and prediction."""

from carla_genre.causal.causes import Causes
from carla_genre.causal.consequences import Consequences
from carla_genre.causal.equations import Equation

__all__ = ["Causes", "Consequences", "Equation"]
