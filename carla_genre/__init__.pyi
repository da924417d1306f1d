# What type checkers read in place of __init__.py, where the names are resolved on first use.
from carla_genre.datasets import load_dataset as load_dataset
from carla_genre.errors import CarlaGenreError as CarlaGenreError
from carla_genre.errors import CheckpointError as CheckpointError
from carla_genre.errors import InputError as InputError
from carla_genre.errors import MissingDependencyError as MissingDependencyError
from carla_genre.methods.carla.respecting import RespectConstraints as RespectConstraints
from carla_genre.methods.core.base import SchemaMethod as SchemaMethod
from carla_genre.methods.genre.method import GenRe as GenRe
from carla_genre.methods.registry import available_methods as available_methods
from carla_genre.methods.registry import build_method as build_method
from carla_genre.recourse import Recourse as Recourse
from carla_genre.schema import Schema as Schema
from carla_genre.testing import check_method as check_method

__version__: str
