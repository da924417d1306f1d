"""CARLA's own methods by name, held to this package's conventions."""

from carla_genre.methods.carla_methods.adapter import CarlaRecourse
from carla_genre.methods.carla_methods.builders import CARLA_METHODS, CarlaMethod

__all__ = ["CARLA_METHODS", "CarlaMethod", "CarlaRecourse"]
