"""The paper's protocol, by its former name."""

from carla_genre.protocol import Setting, prepare

__all__ = ["Setting", "prepare"]
