"""CARLA's own methods by name, held to this package's conventions."""

from carla_genre.methods.carla.adapter import CarlaRecourse
from carla_genre.methods.carla.builders import CARLA_METHODS, CarlaMethod

__all__ = ["CARLA_METHODS", "CarlaMethod", "CarlaRecourse"]
