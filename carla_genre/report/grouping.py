"""Records grouped as a reader looks for them: comparisons, and the configurations measured in each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from carla_genre.harness.cell import conditions
from carla_genre.harness.record import flat
from carla_genre.harness.table import table
from carla_genre.report.collecting import EXTRAS, Found

# The fields of a cell that all methods of a comparison share.
_SHARED = ("data", "classifier", "n_factuals", "rows", "label_noise", "gold", "table")


@dataclass(frozen=True)
class Configuration:
    """A method with its hyperparameters, measured with some seeds.

    ``anchor`` is the id of its part of the page; equal configurations have the same on every page. If others have the
    same label, the hyperparameters that differ follow in ``name``. ``figures`` are mean and deviation over the seeds.
    """

    anchor: str
    name: str
    found: list[Found]
    figures: pd.DataFrame


@dataclass(frozen=True)
class Comparison:
    """Configurations that were measured on the same data and the same factuals, in the order of first sight.

    If others have the same data set, the fields that differ follow in ``name``; ``terms`` are the other fields.
    """

    anchor: str
    name: str
    n_factuals: int
    terms: str
    configurations: list[Configuration]

    @property
    def found(self) -> list[Found]:
        """The records of all its configurations."""
        return [one for configuration in self.configurations for one in configuration.found]


def comparisons_of(found: Iterable[Found]) -> list[Comparison]:
    """Group records into comparisons and configurations, both in the order of first sight."""
    comparisons = []
    for key, name, group in _groups(found, _shared, "data"):
        fields, configurations = _shared(group[0]), []
        for own_key, own_name, own in _groups(group, _chosen, "label"):
            own.sort(key=lambda one: one.cell["seed"])
            figures = table(one.record for one in own)
            configurations.append(Configuration(f"c-{_digest(key + own_key)}", own_name, own, figures))
        anchor, n_factuals = f"s-{_digest(key)}", fields["n_factuals"]
        comparisons.append(Comparison(anchor, name, n_factuals, _terms(fields), configurations))
    return comparisons


def _groups(
    found: Iterable[Found], fields_of: Callable[[Found], dict[str, Any]], title: str
) -> Iterator[tuple[str, str, list[Found]]]:
    """Yield key, name and records of each group that agrees in some fields.

    The name is the field ``title``. If other groups have the same, the fields that differ follow.
    """
    groups: dict[str, list[Found]] = {}
    for one in found:
        groups.setdefault(_text(fields_of(one)), []).append(one)
    fields = {key: fields_of(group[0]) for key, group in groups.items()}
    for key, group in groups.items():
        own = flat(fields[key])
        alike = [flat(other) for other in fields.values() if other[title] == fields[key][title]]
        names = dict.fromkeys(name for other in alike for name in other)
        differing = [name for name in names if len({_text(other.get(name)) for other in alike}) > 1]
        remarks = [
            f"{name.removeprefix('hyperparams.')} {_shown(own[name])}" for name in differing if name in own
        ]
        name = str(fields[key][title])
        yield key, f"{name} ({', '.join(remarks)})" if remarks else name, group


def _shared(one: Found) -> dict[str, Any]:
    return {name: value for name, value in one.cell.items() if name in _SHARED}


def _chosen(one: Found) -> dict[str, Any]:
    """What identifies a configuration, fields of other versions of cells included."""
    other = (*_SHARED, *EXTRAS, "seed")
    return {name: value for name, value in one.cell.items() if name not in other}


def _terms(fields: Mapping[str, Any]) -> str:
    rows = "all train rows" if fields["rows"] is None else f"at most {fields['rows']} train rows"
    classifier = [f"classifier {fields['classifier']}"] if "classifier" in fields else []
    return ", ".join([f"{fields['n_factuals']} people", rows, *classifier, *conditions(fields)])


def _shown(value: Any) -> str:
    return "all" if value is None else str(value)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]
