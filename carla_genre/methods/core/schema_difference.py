"""What differs between the schema that a generator was trained for and the one that it is loaded for."""

from __future__ import annotations

from carla_genre.schema import Schema


def schema_difference(saved: Schema, found: Schema) -> str | None:
    """What differs between two schemas, constraints that were passed to GenRe aside."""
    if saved.columns != found.columns:
        missing, new = (
            sorted(set(saved.columns) - set(found.columns)),
            sorted(set(found.columns) - set(saved.columns)),
        )
        if missing or new:
            return f"the classifier lacks columns {missing} and has {new} besides"
        return f"the columns are in another order: {list(found.columns)} instead of {list(saved.columns)}"
    for one, other in zip(saved.features, found.features, strict=True):
        if (one.name, one.columns, one.levels) != (other.name, other.columns, other.levels):
            return f"feature {one.name!r} was {one}, is {other}"
        if other.immutable and not one.immutable:
            return f"feature {one.name!r} is immutable now and was not in training"
        if other.direction not in (0, one.direction):
            return f"feature {one.name!r} may change in one direction only, which was not so in training"
        if one.lower < other.lower or one.upper > other.upper:
            return (
                f"feature {one.name!r} had range {(one.lower, one.upper)}, has {(other.lower, other.upper)}"
            )
    return None
