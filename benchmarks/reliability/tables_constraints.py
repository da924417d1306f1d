"""Random constraints of every kind on a random table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.reliability.tables_world import World
from carla_genre.constraints import Allowed, AtMost, Constraint, Freeze, Implies, OneWay, Range, Weight, Where

Maker = Callable[[np.random.Generator, World], Constraint | None]


def random_constraints(
    random: np.random.Generator, world: World, least: int = 0, most: int = 4
) -> list[tuple[str, Constraint]]:
    """From so few to so many constraints, each with the name of its kind."""
    return [random_constraint(random, world) for _ in range(int(random.integers(least, most + 1)))]


def random_constraint(random: np.random.Generator, world: World) -> tuple[str, Constraint]:
    """One of any kind that the table has columns for, with the name of its kind."""
    while True:
        kind = str(random.choice(list(KINDS)))
        made = KINDS[kind](random, world)
        if made is not None:
            return kind, made


def _some(random: np.random.Generator, names: list[str], most: int) -> list[str]:
    size = int(random.integers(1, max(2, min(most, len(names)) + 1)))
    return [str(name) for name in random.choice(names, min(size, len(names)), replace=False)]


def _freeze(random: np.random.Generator, world: World) -> Constraint:
    return Freeze(*_some(random, list(world.kinds), max(1, len(world.kinds) // 2)))


def _only(random: np.random.Generator, world: World) -> Constraint:
    return Freeze(only=_some(random, list(world.kinds), len(world.kinds)))


def _number(random: np.random.Generator, world: World) -> str:
    return str(random.choice(world.numbers))


def _direction(random: np.random.Generator) -> str:
    return str(random.choice(["up", "down"]))


def _one_way(random: np.random.Generator, world: World) -> Constraint:
    return OneWay(_number(random, world), _direction(random))


def _grades_one_way(random: np.random.Generator, world: World) -> Constraint | None:
    if not world.orders:
        return None
    return OneWay(str(random.choice(list(world.orders))), _direction(random))


def _levels_one_way(random: np.random.Generator, world: World) -> Constraint | None:
    name, levels = _levels(random, world)
    if name in world.orders or len(levels) < 2:
        return None
    kept = levels if random.random() < 0.7 or len(levels) < 3 else levels[1:]
    return OneWay(name, _direction(random), order=kept)


def _levels(random: np.random.Generator, world: World) -> tuple[str, list[Any]]:
    """A feature of levels, and its levels in any order; nothing where there is none."""
    if not world.levels:
        return "", []
    name = str(random.choice(world.levels))
    levels = world.table[name].dropna().astype(object).unique().tolist()
    return name, [levels[place] for place in random.permutation(len(levels))]


def _range(random: np.random.Generator, world: World) -> Constraint:
    name = _number(random, world)
    low, high = np.quantile(world.table[name].dropna().astype(float), np.sort(random.random(2)))
    ends: list[Any] = [(float(low), float(high)), (None, float(high)), (round(float(low), 2), None)]
    return Range(name, *ends[int(random.integers(3))])


def _relative(random: np.random.Generator, world: World) -> Constraint:
    ends: list[Any] = [(-0.1, 0.2), (None, 0.5), (0, 1.25), (-float(random.random()), float(random.random()))]
    name = _number(random, world)
    low, high = ends[int(random.integers(4))]
    return Range(name, low, high, relative=True)


def _allowed(random: np.random.Generator, world: World) -> Constraint | None:
    name, levels = _levels(random, world)
    return Allowed(name, levels[: int(random.integers(1, len(levels) + 1))]) if levels else None


def _forbidden(random: np.random.Generator, world: World) -> Constraint | None:
    name, levels = _levels(random, world)
    if len(levels) < 2:
        return None
    pairs = [(one, other) for one in levels[:2] for other in levels[1:] if one != other]
    return Allowed(name, forbidden=pairs)


def _at_most(random: np.random.Generator, world: World) -> Constraint:
    return AtMost(int(random.integers(1, 4)))


def _weight(random: np.random.Generator, world: World) -> Constraint:
    return Weight(str(random.choice(list(world.kinds))), float(random.uniform(0.1, 5)))


def _implies_growth(random: np.random.Generator, world: World) -> Constraint | None:
    follows = [*world.numbers, *world.orders]
    then, cause = str(random.choice(follows)), str(random.choice(list(world.kinds)))
    if then == cause:
        return None
    step = 1 if world.kinds[then] in ("whole", "skewed") else 0.5
    grow: Any = step if then in world.numbers and random.random() < 0.4 else True
    return Implies(cause, then=then, grow=grow, to=_to(random, world, cause))


def _implies_level(random: np.random.Generator, world: World) -> Constraint | None:
    then, levels = _levels(random, world)
    cause = str(random.choice(list(world.kinds)))
    if not levels or then == cause:
        return None
    either = then in world.orders and random.random() < 0.5
    return Implies(cause, then=then, be=levels[0], grow=either, to=_to(random, world, cause))


def _to(random: np.random.Generator, world: World, cause: str) -> Any:
    """A level of the cause, or none."""
    if cause in world.numbers or random.random() < 0.5:
        return None
    return world.table[cause].dropna().astype(object).iloc[0]


def _implies_number(random: np.random.Generator, world: World) -> Constraint | None:
    then, cause = _number(random, world), str(random.choice(list(world.kinds)))
    if then == cause or world.kinds[then] == "float" or str(world.table[then].dtype) == "float32":
        return None
    return Implies(cause, then=then, be=world.table[then].dropna().astype(object).iloc[0])


def _where(random: np.random.Generator, world: World) -> Constraint:
    name = _number(random, world)
    low = float(np.quantile(world.table[name].dropna().astype(float), 0.1))

    def holds(rows: Any) -> Any:
        cells = rows[name].astype(float)
        return (cells.isna() | (cells >= low)).to_numpy(dtype=bool)

    return Where(holds, f"{name} >= {low:g} or missing")


# The kinds by name; a benchmark counts the answers under each.
KINDS: dict[str, Maker] = {
    "Freeze": _freeze,
    "Freeze only=": _only,
    "OneWay, a number": _one_way,
    "OneWay, ordered dtype": _grades_one_way,
    "OneWay, stated order": _levels_one_way,
    "Range": _range,
    "Range, relative": _relative,
    "Allowed levels": _allowed,
    "Allowed, forbidden": _forbidden,
    "AtMost": _at_most,
    "Weight": _weight,
    "Implies, grow": _implies_growth,
    "Implies, a level": _implies_level,
    "Implies, a number": _implies_number,
    "Where": _where,
}
