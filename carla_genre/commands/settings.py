"""Settings and constraints, of the command line and of its YAML file."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

from carla_genre.constraints import AtMost, Constraint, Freeze
from carla_genre.constraints.plain import from_plain
from carla_genre.errors import InputError
from carla_genre.recourse.decision import as_interval
from carla_genre.recourse.saved_table import spelled_as
from carla_genre.suggestions import did_you_mean

SETTINGS = (
    "desired",
    "constraints",
    "threshold",
    "categorical",
    "continuous",
    "ignore",
    "scale",
    "held_out",
    "seed",
    "hyperparams",
)


def read_settings(path: str | None) -> dict[str, Any]:
    """The settings of a YAML file, checked; constraints as objects.

    Raises
    ------
    InputError
        It cannot be read, or has a setting that there is not.
    """
    if path is None:
        return {}
    try:
        settings = yaml.safe_load(Path(path).read_text(encoding="utf-8-sig")) or {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(f"{path} cannot be read as YAML: {error}") from error
    if not isinstance(settings, Mapping):
        raise InputError(f"{path}: expected settings, such as 'desired: yes', got {settings!r}")
    for name in settings:
        if name not in SETTINGS:
            raise InputError(f"{path}: there is no setting {name!r}.{did_you_mean(name, SETTINGS)}")
    return {**settings, "constraints": from_plain(settings.get("constraints", []))}


def given_constraints(options: Namespace) -> list[Constraint]:
    """Those of the command line."""
    frozen = [Freeze(*options.freeze)] if options.freeze else []
    return [*frozen, *([AtMost(options.at_most)] if options.at_most is not None else [])]


def desired_in(table: Any, target: str, desired: Any, classifies: bool) -> Any:
    """The label of the command line as the target's column has it: ``1`` is a number there, not a text."""
    if isinstance(desired, list) and len(desired) == 2 and not classifies:
        return as_interval(desired)
    if target in table.columns:
        desired = spelled_as(desired, table[target])
    hashable = isinstance(desired, list) and all(isinstance(one, Hashable) for one in desired)
    return set(desired) if hashable else desired
