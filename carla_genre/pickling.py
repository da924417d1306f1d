"""Functions of a user's own in a pickle: a lambda too, which pickle alone cannot write."""

from __future__ import annotations

import pickle
from typing import Any

from joblib import wrap_non_picklable_objects

from carla_genre.errors import InputError


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
