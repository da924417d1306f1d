"""A method that is trained already, asked under further constraints."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, TypeVar

from carla_genre.methods.core.base import SchemaMethod
from carla_genre.schema import Schema

Method = TypeVar("Method", bound=SchemaMethod)


class ToldMethod(SchemaMethod):
    """A method that is asked under further constraints without training again.

    A subclass adds to :meth:`with_constraints` what of it depends on the schema and is not made anew for each question.
    """

    def with_constraints(self: Method, constraints: Mapping[str, Mapping[str, Any]] | None) -> Method:
        """The same method asked under further constraints, without training again.

        Parameters
        ----------
        constraints : mapping, optional
            As the option ``constraints``, on top of those that the method was made with. None: these alone.

        Raises
        ------
        InputError
            A constraint names no feature, or leaves a feature no value.
        """
        other = copy.copy(self)
        other.schema = Schema.from_mlmodel(self._mlmodel, constraints).within(self.schema)
        other.hyperparams = {**self.hyperparams, "constraints": constraints}
        return other
