"""The environment in which the records were measured, and what differs among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from carla_genre.harness.record import flat
from carla_genre.report.collecting import Found

_NONE = "none"


class Property(NamedTuple):
    """A property of the records' environment, as ``"versions.numpy"``.

    Each value with the number of records that have it, the most frequent first.
    """

    name: str
    values: list[tuple[str, int]]

    @property
    def differs(self) -> bool:
        """Whether the records do not agree in it."""
        return len(self.values) > 1


def properties_of(found: Sequence[Found]) -> list[Property]:
    """Commit, versions and hardware of the records."""
    described = [_described(one) for one in found]
    names = dict.fromkeys(name for one in described for name in one)
    return [
        Property(name, Counter(one.get(name, _NONE) for one in described).most_common()) for name in names
    ]


def _described(one: Found) -> dict[str, str]:
    environment: dict[str, Any] = {**one.environment}
    environment.pop("time", None)
    return {name: _NONE if value is None else str(value) for name, value in flat(environment).items()}


def period(found: Sequence[Found]) -> str:
    """The first and the last time of measuring, to the day."""
    days = sorted(one.time[:10] for one in found if one.time)
    if not days:
        return _NONE
    return days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"


def uncommitted(found: Sequence[Found]) -> int:
    """The number of records from code that was not committed; their commit ends in ``+``."""
    return sum(str(one.environment.get("commit", "")).endswith("+") for one in found)
