"""Functions of a user's own: in a pickle, a lambda too, which pickle alone cannot write; and told from one another."""

from __future__ import annotations

import functools
import hashlib
import inspect
import pickle
import re
import types
from collections.abc import Mapping
from typing import Any

from joblib import wrap_non_picklable_objects

from carla_genre.errors import InputError

# Functions may hold each other.
DEEPEST = 12


def code_digest(function: Any) -> str:
    """A digest of what a function does, as far as it says so itself: its code, defaults and what it closes over.

    It is the same in every process of one version of Python. What a global name stands for is of no account.
    """
    return hashlib.sha256(_said(function).encode()).hexdigest()[:16]


def _said(value: Any, depth: int = 0) -> str:
    depth += 1
    if depth > DEEPEST:
        return type(value).__qualname__
    if isinstance(value, types.CodeType):
        return _said((value.co_code, value.co_names, value.co_consts), depth)
    if isinstance(value, types.FunctionType):
        held = inspect.getclosurevars(value).nonlocals
        return _said((value.__code__, value.__defaults__, value.__kwdefaults__, held), depth)
    if isinstance(value, types.MethodType):
        return _said((value.__func__, value.__self__), depth)
    if isinstance(value, functools.partial):
        return _said((value.func, value.args, value.keywords), depth)
    if isinstance(value, Mapping):
        return _said([*value.items()], depth)
    if isinstance(value, tuple | list | set | frozenset):
        parts = [_said(one, depth) for one in value]
        return f"({','.join(sorted(parts) if isinstance(value, set | frozenset) else parts)})"
    if callable(value) and not isinstance(value, type) and hasattr(value, "__dict__"):
        return _said((type(value).__qualname__, type(value).__call__, vars(value)), depth)
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))  # an address is another one in each process


def picklable(function: Any, owner: str) -> Any:
    """The function itself where pickle can write it, else one that is written by value (cloudpickle, by joblib).

    Parameters
    ----------
    function : callable
    owner : str
        What has it, for the error.

    Raises
    ------
    InputError
        It cannot be written in either way.
    """
    try:
        pickle.dumps(function)
        return function
    except Exception:  # whatever an object raises when it is pickled
        written = wrap_non_picklable_objects(function, keep_wrapper=False)
    try:
        pickle.dumps(written)
    except Exception as error:
        raise InputError(
            f"{owner} cannot be pickled ({type(error).__name__}: {error}): take a function that is defined at the top "
            "of a module, and holds nothing that is open"
        ) from error
    return written
