"""How the paper measures: gold classifier, drawn labels, h, and the factuals."""

from carla_genre.protocol.data import OwnTable
from carla_genre.protocol.setting import Setting, prepare

__all__ = ["OwnTable", "Setting", "prepare"]
