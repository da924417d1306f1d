"""A method that is trained already, asked under further constraints."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, TypeVar

from carla_genre.methods.core.base import SchemaMethod
from carla_genre.schema import Schema

Method = TypeVar("Method", bound=SchemaMethod)


def told(method: Method, constraints: Mapping[str, Mapping[str, Any]] | None) -> Method:
    """A copy whose schema has further constraints; whatever else depends on the schema is the caller's.

    Parameters
    ----------
    method : SchemaMethod
    constraints : mapping, optional
        As the option ``constraints``, on top of those that the method was made with. None: these alone.

    Raises
    ------
    InputError
        A constraint names no feature, or leaves a feature no value.
    """
    other = copy.copy(method)
    other.schema = Schema.from_mlmodel(method._mlmodel, constraints).within(method.schema)
    other.hyperparams = {**method.hyperparams, "constraints": constraints}
    return other
