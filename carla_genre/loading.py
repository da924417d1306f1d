"""Modules imported when they are needed: optional packages, and what a user names as ``"module:name"``."""

import os
import sys
from importlib import import_module, metadata
from typing import Any

from carla_genre.errors import InputError, MissingDependencyError


def load_object(path: str, what: str) -> Any:
    """The object behind ``"module:name"``; ``what`` it is, for the message.

    InputError where it cannot be loaded, MissingDependencyError where its module needs an optional package of this one.
    """
    module, _, attribute = path.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except MissingDependencyError:
        raise
    except Exception as error:  # a user's module may raise anything when it is imported
        raise InputError(f"cannot load the {what} {path!r}: {type(error).__name__}: {error}") from error


def method_entry_points() -> list[tuple[str, metadata.EntryPoint]]:
    """The entry points ``carla_genre.methods`` of installed packages, each with its distribution's name."""
    found = metadata.entry_points(group="carla_genre.methods")
    return [("unknown" if point.dist is None else point.dist.name, point) for point in found]


def load_extra(extra: str, purpose: str, *modules: str) -> Any:
    """Import modules by their dotted names, at least one, and return the first of them.

    MissingDependencyError where they are not installed: it starts with the ``purpose`` that needs them, and ends with
    the command that installs the ``extra`` of this package.
    """
    try:
        first, *_ = map(import_module, modules)
        return first
    except ImportError as error:
        raise MissingDependencyError(
            f"{purpose} needs {modules[0].partition('.')[0]}, which is not installed. "
            f"Install it with: pip install 'carla-genre[{extra}]'"
        ) from error


def find_own_modules() -> None:
    """A module of one's own lies where a command is started, as `python -m` has it."""
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
