"""A ready classifier by the name of the function that makes it."""

from __future__ import annotations

from typing import Any

from carla_genre.errors import CarlaGenreError, InputError
from carla_genre.loading import load_object

from carla.models.api import MLModel


def load_classifier(name: str) -> Any:
    """What ``function()`` of a ``"module:function"`` returns.

    Raises
    ------
    InputError
        It cannot be loaded, or is no classifier.
    """
    if ":" not in name:
        raise InputError(
            f"the classifier {name!r} is no 'module:function': a function that takes nothing and returns an MLModel"
        )
    try:
        mlmodel = load_object(name, "classifier")()
    except CarlaGenreError:
        raise
    except Exception as error:  # one's own function may raise anything
        raise InputError(
            f"the classifier {name!r} cannot be made: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(mlmodel, MLModel):
        raise InputError(
            f"the classifier {name!r} must give an MLModel of CARLA's, got {type(mlmodel).__name__}"
        )
    return mlmodel
