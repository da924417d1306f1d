"""Constraints that each person has of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import pandas as pd

from carla_genre.constraints import Constraint, Freeze, Variables
from carla_genre.constraints.checking import check_constraints
from carla_genre.datasets.names import check_known
from carla_genre.errors import InputError

PersonConstraints: TypeAlias = "Mapping[Any, Iterable[Constraint]] | pd.DataFrame"


def constraints_by_person(
    people: pd.DataFrame,
    given: PersonConstraints | None,
    variables: Variables,
    held: Sequence[Constraint] = (),
) -> list[tuple[Constraint, ...]]:
    """The further constraints of each of B people, by the label of their row; ``held`` are everybody's.

    Raises
    ------
    InputError
        A label is not among the people, their index has repeats, or a constraint is wrong.
    """
    each: list[tuple[Constraint, ...]] = [()] * len(people)
    if given is None or (isinstance(given, Mapping) and not given):
        return each
    if not isinstance(given, Mapping | pd.DataFrame):
        raise InputError(
            "by_person= is a mapping from a person's label to their constraints, or a frame of bools, got "
            f"{type(given).__name__}"
        )
    if not people.index.is_unique:
        raise InputError("by_person= speaks of people by their index, which has repeats: reset_index() first")
    chosen = _from_frame(given, variables) if isinstance(given, pd.DataFrame) else given
    places = {label: place for place, label in enumerate(people.index)}
    unknown = [label for label in chosen if label not in places]
    if unknown:
        raise InputError(f"by_person= names {unknown[:3]}, who are not among the people")
    for label, constraints in chosen.items():
        each[places[label]] = check_constraints(constraints, variables, people.head(0), held)
    return each


def _from_frame(frozen: pd.DataFrame, variables: Variables) -> dict[Any, list[Constraint]]:
    check_known(list(frozen.columns), "by_person", variables.names)
    if not all(pd.api.types.is_bool_dtype(kind) for kind in frozen.dtypes) or frozen.isna().any(axis=None):
        raise InputError(
            "by_person= as a frame holds bools, without gaps: True where a feature may not change"
        )
    twice = frozen.index[frozen.index.duplicated()].tolist()
    if twice:
        raise InputError(f"by_person= has rows of one label, {twice[:3]}: one row a person is wanted")
    return {
        label: [Freeze(*frozen.columns[row])] if row.any() else []
        for label, row in zip(frozen.index, frozen.to_numpy(), strict=True)
    }
