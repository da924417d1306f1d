"""The constructor's arguments as scikit-learn has them: read, changed, and given to a clone."""

from __future__ import annotations

import inspect
from typing import Any, TypeVar

from carla_genre.errors import InputError
from carla_genre.suggestions import suggestion

P = TypeVar("P", bound="Parametrized")


class Parametrized:
    """What keeps the constructor's arguments as attributes of the same names, but for ``saved``."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The constructor's arguments, as scikit-learn has them."""
        arguments = list(inspect.signature(type(self)).parameters)
        return {name: getattr(self, name) for name in arguments if name != "saved"}

    def set_params(self: P, **params: Any) -> P:
        """Build this again with other arguments; it is trained again.

        Raises
        ------
        InputError
            There is no such argument.
        """
        known = self.get_params()
        for name in params:
            if name not in known:
                raise InputError(f"set_params: there is no argument {name!r}, {suggestion(name, known)}")
        self.__init__(**{**known, **params})  # type: ignore[misc]
        return self

    def __sklearn_clone__(self: P) -> P:
        return type(self)(**self.get_params())  # what the arguments hold is the user's, and stays trained
