"""GenRe for CARLA: learned algorithmic recourse, and CARLA on a current Python."""

from importlib import import_module
from typing import Any

from carla_genre import carla_compat as _carla_compat

_carla_compat.install()

__version__ = "0.1.0"

# Public name -> module. Resolved on first use (PEP 562), so that `import carla_genre` needs neither
# torch nor carla. Type checkers read __init__.pyi.
_PUBLIC = {
    "CarlaGenreError": "carla_genre.errors",
    "CheckpointError": "carla_genre.errors",
    "GenRe": "carla_genre.methods.genre.method",
    "InputError": "carla_genre.errors",
    "MissingDependencyError": "carla_genre.errors",
    "Recourse": "carla_genre.recourse",
    "RespectConstraints": "carla_genre.methods.carla.respecting",
    "Schema": "carla_genre.schema",
    "SchemaMethod": "carla_genre.methods.core.base",
    "available_methods": "carla_genre.methods.registry",
    "build_method": "carla_genre.methods.registry",
    "check_method": "carla_genre.testing",
    "load_dataset": "carla_genre.datasets",
}

__all__ = sorted([*_PUBLIC, "__version__"])


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'carla_genre' has no attribute {name!r}")
    value = getattr(import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
