"""How the paper measures: gold classifier, drawn labels, h, and the people to answer."""

from carla_genre.protocol.data import OwnTable
from carla_genre.protocol.setting import Setting, prepare

__all__ = ["OwnTable", "Setting", "prepare"]
