"""One record for each data set, seed and row: the figures of every set of constraints that was asked under."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.constrained.check import broken
from benchmarks.constrained.rows import Row
from benchmarks.constrained.search import reachable
from benchmarks.constrained.sets import Constraints, constraints_of
from carla_genre.harness.code import code_digest
from carla_genre.harness.record import environment, read_record, write_record
from carla_genre.io import in_json
from carla_genre.methods.core.encoded_classifier import EncodedClassifier
from carla_genre.methods.registry import build_method
from carla_genre.protocol import Setting
from carla_genre.schema import Schema

log = logging.getLogger(__name__)
SEARCH = "search"


@dataclass(frozen=True)
class Unit:
    """A data set, a seed, an h and a row.

    Attributes
    ----------
    label : str
        The row's name.
    row : Row or None
        None for the search, which says for whom there is an answer.
    quick : bool
        With the row's quick hyperparameters.
    """

    label: str
    row: Row | None
    quick: bool = False

    def cell(self, setting: Setting) -> dict[str, Any]:
        """What is measured, in JSON's types."""
        cell: dict[str, Any] = {
            "data": setting.name,
            "seed": setting.seed,
            "label": self.label,
            "classifier": setting.classifier,
            "n_factuals": len(setting.factuals),
        }
        if self.row is not None:
            given = {**self.row.hyperparams, **(self.row.quick if self.quick else {})}
            cell |= {"method": self.row.method, "hyperparams": in_json(given), "once": self.row.once}
        return cell


def measure(unit: Unit, setting: Setting, sets: Iterable[str], folder: Path) -> dict[str, Any]:
    """Measure the sets that the record of a unit does not have yet; it is written after each of them.

    A set that fails is recorded with its error, and tried again the next time.

    Returns
    -------
    dict
        The record: ``cell``, ``key``, ``sets``, ``hyperparams``, ``environment``. A set has its ``constraints``;
        ``seconds`` (of the processor) of ``train``, 0 where the method was there, and ``answer``, of all people, what
        telling the constraints takes included; the ``scores``; ``broken``, answers that break a constraint;
        ``answered``, a 1 for each person who got an answer; and the ``code`` that measured it.
    """
    cell = unit.cell(setting)
    key = hashlib.sha256(json.dumps(cell, sort_keys=True).encode()).hexdigest()[:12]
    parts = (cell["data"], cell["classifier"], cell["label"])
    name = "_".join(re.sub(r"[^A-Za-z0-9]+", "-", part).strip("-") for part in parts)
    path = folder / f"{name}_seed{cell['seed']}_{key}.json"
    record: dict[str, Any] = {"cell": cell, "key": key, "sets": {}}
    if path.exists():
        record = read_record(path)
    once: list[Any] = []
    for one in sets:
        if "scores" in (there := record["sets"].get(one, {})) or "found" in there:
            continue
        record["sets"][one] = _measured(unit, setting, one, record, once)
        record["environment"] = environment()
        record = write_record(path, record)
        log.info(
            "%s, seed %d, %s, %s: %s", *parts[:1], cell["seed"], unit.label, one, _told(record["sets"][one])
        )
    return record


def _told(figures: Mapping[str, Any]) -> str:
    if "error" in figures:
        return str(figures["error"])
    if "found" in figures:
        return f"an answer for {figures['found'].count('1')}"
    scores, seconds = figures["scores"], figures["seconds"]
    score = "-" if scores["score"] is None else f"{scores['score']:.3f}"
    return f"Score {score}, answered {scores['answered']:.2f}, {seconds['train']:.1f} + {seconds['answer']:.1f} s"


def _measured(
    unit: Unit, setting: Setting, one: str, record: dict[str, Any], once: list[Any]
) -> dict[str, Any]:
    constraints = constraints_of(one, setting.name, setting.data)
    figures: dict[str, Any] = {"constraints": in_json(constraints), "code": code_digest()}
    try:
        if unit.row is None:
            return figures | {"found": _flags(_search(setting, constraints))}
        return figures | _asked(unit, unit.row, setting, constraints, record, once)
    except Exception as error:  # the record reports whatever a method raises
        return figures | {"error": f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]}


def _asked(
    unit: Unit, row: Row, setting: Setting, constraints: Constraints, record: dict[str, Any], once: list[Any]
) -> dict[str, Any]:
    given = {"seed": setting.seed, "verbose": False, **unit.cell(setting)["hyperparams"]}
    factuals = setting.factuals[list(setting.mlmodel.feature_input_order)]
    start = time.process_time()
    if row.once and not once:
        once.append(build_method(row.method, setting.mlmodel, given))
        record["trained_once"] = time.process_time() - start
        start = time.process_time()
    if row.once:
        built = start
        method = once[0].with_constraints(constraints)
    else:
        method = build_method(row.method, setting.mlmodel, {**given, "constraints": constraints})
        built = time.process_time()
    answers = method.get_counterfactuals(factuals)
    done = time.process_time()
    record["hyperparams"] = in_json(getattr(method, "hyperparams", None))
    return {
        "seconds": {"train": built - start, "answer": done - built},
        "scores": in_json(setting.score(answers).to_dict()),
        "broken": broken(setting.data, constraints, factuals, answers),
        "answered": _flags(answers.notna().all(axis=1)),
    }


def _search(setting: Setting, constraints: Constraints) -> np.ndarray:
    schema = Schema.from_mlmodel(setting.mlmodel, constraints)
    h = EncodedClassifier(setting.mlmodel, schema)
    values = schema.encode(setting.factuals)
    return reachable(schema, h.training_rows().values, h.scores, values, setting.seed)


def _flags(of_people: pd.Series | np.ndarray) -> str:
    return "".join("01"[int(flag)] for flag in of_people)
