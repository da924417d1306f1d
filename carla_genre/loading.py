"""Objects that a user names as ``"module:name"``."""

from importlib import import_module
from typing import Any

from carla_genre.errors import InputError, MissingDependencyError


def load_object(path: str, what: str) -> Any:
    """The object behind ``"module:name"``; ``what`` it is, for the message.

    Raises
    ------
    InputError
        It cannot be loaded.
    MissingDependencyError
        Its module needs an optional package of this one.
    """
    module, _, attribute = path.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except MissingDependencyError:
        raise
    except Exception as error:  # a user's module may raise anything when it is imported
        raise InputError(f"cannot load the {what} {path!r}: {type(error).__name__}: {error}") from error
