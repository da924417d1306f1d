"""Records in the order of a reader: comparisons that share their people, and the configurations measured in them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from carla_genre.harness.record import flat
from carla_genre.harness.table import table
from carla_genre.report.collecting import EXTRAS, Found

# The fields of a cell that all methods of a comparison share.
_SHARED = ("data", "classifier", "n_factuals", "rows", "label_noise", "table")


@dataclass(frozen=True)
class Configuration:
    """A method with its hyperparameters, measured on one comparison with some seeds.

    Attributes
    ----------
    anchor : str
        Of its part of the page; the same for the same configuration on every page.
    name : str
        Its label, with the hyperparameters that tell it from others of this label.
    found : list of Found
        Its records, by seed.
    figures : DataFrame
        Mean and deviation over the seeds, one row for each way that constraints are kept.
    """

    anchor: str
    name: str
    found: list[Found]
    figures: pd.DataFrame


@dataclass(frozen=True)
class Comparison:
    """What is the same for all that is compared: data, people, and everything but method and seed.

    Attributes
    ----------
    anchor : str
        Of its part of the page.
    name : str
        The data set, with the fields that tell it from other comparisons of this data set.
    people : int
        How many were answered.
    terms : str
        Its other fields, in words.
    configurations : list of Configuration
        In the order of first sight.
    """

    anchor: str
    name: str
    people: int
    terms: str
    configurations: list[Configuration]

    @property
    def found(self) -> list[Found]:
        """The records of all its configurations."""
        return [one for configuration in self.configurations for one in configuration.found]


def comparisons_of(found: Iterable[Found]) -> list[Comparison]:
    """Group records into comparisons and configurations, both in the order of first sight."""
    groups: dict[str, list[Found]] = {}
    for one in found:
        groups.setdefault(_text(_shared(one)), []).append(one)
    fields = {key: _shared(group[0]) for key, group in groups.items()}
    comparisons = []
    for key, group in groups.items():
        alike = [flat(other) for other in fields.values() if other["data"] == fields[key]["data"]]
        name = _told_apart(str(fields[key]["data"]), flat(fields[key]), alike)
        people, terms = fields[key]["n_factuals"], _terms(fields[key])
        comparisons.append(Comparison(f"s-{_digest(key)}", name, people, terms, _configurations(key, group)))
    return comparisons


def _configurations(comparison: str, found: Sequence[Found]) -> list[Configuration]:
    groups: dict[str, list[Found]] = {}
    for one in found:
        groups.setdefault(_text(_chosen(one)), []).append(one)
    chosen = {key: _chosen(group[0]) for key, group in groups.items()}
    configurations = []
    for key, group in groups.items():
        alike = [flat(other) for other in chosen.values() if other["label"] == chosen[key]["label"]]
        name = _told_apart(str(chosen[key]["label"]), flat(chosen[key]), alike)
        group.sort(key=lambda one: one.cell["seed"])
        figures = table(one.record for one in group)
        configurations.append(Configuration(f"c-{_digest(comparison + key)}", name, group, figures))
    return configurations


def _told_apart(name: str, own: Mapping[str, Any], alike: Sequence[Mapping[str, Any]]) -> str:
    """The name, with what differs among those that share it."""
    keys = dict.fromkeys(key for other in alike for key in other)
    differing = [key for key in keys if len({_text(other.get(key)) for other in alike}) > 1]
    remarks = [f"{key.removeprefix('hyperparams.')} {_shown(own[key])}" for key in differing if key in own]
    return f"{name} ({', '.join(remarks)})" if remarks else name


def _shared(one: Found) -> dict[str, Any]:
    return {name: value for name, value in one.cell.items() if name in _SHARED}


def _chosen(one: Found) -> dict[str, Any]:
    """What tells a configuration from another one, a field of another version of cells included."""
    other = (*_SHARED, *EXTRAS, "seed")
    return {name: value for name, value in one.cell.items() if name not in other}


def _terms(fields: Mapping[str, Any]) -> str:
    rows = "all train rows" if fields["rows"] is None else f"at most {fields['rows']} train rows"
    classifier = [f"classifier {fields['classifier']}"] if "classifier" in fields else []
    noise = [f"{fields['label_noise']:g} of the train labels flipped"] if fields.get("label_noise") else []
    return ", ".join([f"{fields['n_factuals']} people", rows, *classifier, *noise])


def _shown(value: Any) -> str:
    return "all" if value is None else str(value)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]
