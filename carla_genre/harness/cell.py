"""One cell of a grid: a method, on a data set, with a seed; what it is, and its measurement.

python -m carla_genre.harness.cell CELL.json RECORD.json runs one in a process of its own.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.evaluation.environment import peak_memory_mb
from carla_genre.harness.record import environment
from carla_genre.methods.base import SchemaMethod
from carla_genre.methods.registry import build_method, hyperparameters_of
from carla_genre.methods.respecting import RespectConstraints
from carla_genre.protocol import Setting, prepare

from carla.recourse_methods.api import RecourseMethod

# Raised when a record's meaning changes, so that a finished cell is measured again.
FORMAT = 1


@dataclass(frozen=True)
class Cell:
    """What is measured.

    Attributes
    ----------
    data : {"adult", "compas", "heloc"}
        Data set of the protocol.
    seed : int
        Of the drawn labels, h, the people, and the method where it has a ``seed``.
    label : str
        The method's name in tables.
    method : str
        As :func:`carla_genre.methods.registry.build_method` takes it.
    hyperparams : mapping
        The method's own, where they differ from its defaults.
    n_factuals : int
        People to answer.
    """

    data: str
    seed: int
    label: str
    method: str
    hyperparams: Mapping[str, Any] = field(default_factory=dict)
    n_factuals: int = 200

    @property
    def key(self) -> str:
        """A digest of the whole configuration."""
        content = json.dumps({"format": FORMAT, **asdict(self)}, sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:12]

    @property
    def file(self) -> str:
        """The record's name: readable, and another one for another configuration."""
        label = re.sub(r"[^A-Za-z0-9]+", "-", self.label).strip("-")
        return f"{self.data}_{label}_seed{self.seed}_{self.key}.json"


def measure(cell: Cell, root: str | None = None) -> dict[str, Any]:
    """Run a cell in this process.

    Parameters
    ----------
    cell : Cell
    root : path, optional
        Folder of CARLA's CSVs.

    Returns
    -------
    dict
        In JSON's types: ``cell`` and ``key``; ``seconds`` (wall) and ``cpu_seconds`` of ``prepare`` and ``answer``;
        ``setting`` (checks and seconds of the protocol); ``scores`` and ``rows`` (one list a measure) of the
        answers as they are; ``constrained`` with the same of the answers of CARLA's methods after what may
        not change was put back, and what this cost; ``peak_mb``; ``environment``.
    """
    setting = prepare(cell.data, cell.seed, cell.n_factuals, root)
    before = peak_memory_mb()
    start = _clock()
    method = build_method(cell.method, setting.mlmodel, _with_seed(cell))
    prepared = _clock()
    # Methods are handed the classifier's columns only: not the drawn label of the person.
    people = setting.factuals[list(setting.mlmodel.feature_input_order)]
    answers = method.get_counterfactuals(people)
    done = _clock()
    parts = {"prepare": prepared - start, "answer": done - prepared}
    record = {
        "cell": asdict(cell),
        "key": cell.key,
        "setting": {"checks": setting.checks, "seconds": setting.seconds},
        "seconds": {name: float(part[0]) for name, part in parts.items()},
        "cpu_seconds": {name: float(part[1]) for name, part in parts.items()},
        "hyperparams": _plain(getattr(method, "hyperparams", None)),
        **_judged(setting, answers),
        "peak_mb": {"protocol": round(before), "method": round(peak_memory_mb())},
        "environment": environment(),
    }
    if not isinstance(method, SchemaMethod):  # which holds the constraints by itself
        record["constrained"] = _constrained(setting, method, people, answers)
    return record


def _clock() -> np.ndarray:
    return np.array([time.perf_counter(), time.process_time()])


def _with_seed(cell: Cell) -> Mapping[str, Any]:
    """The cell's seed is the method's too, unless it has its own or takes none."""
    takes = hyperparameters_of(cell.method, cell.hyperparams)
    return {"seed": cell.seed, **cell.hyperparams} if takes and "seed" in takes else cell.hyperparams


class _Answered(RecourseMethod):
    """Answers that have been given: the second look at them costs no second search."""

    def __init__(self, mlmodel: Any, answers: pd.DataFrame) -> None:
        super().__init__(mlmodel)
        self._answers = answers

    def get_counterfactuals(self, factuals: pd.DataFrame) -> pd.DataFrame:
        return self._answers


def _constrained(
    setting: Setting, method: RecourseMethod, people: pd.DataFrame, answers: pd.DataFrame
) -> dict[str, Any]:
    wrapper = RespectConstraints(_Answered(setting.mlmodel, answers))
    kept = wrapper.get_counterfactuals(people)
    assert wrapper.report is not None
    return {**_judged(setting, kept), "report": asdict(wrapper.report)}


def _judged(setting: Setting, answers: pd.DataFrame) -> dict[str, Any]:
    rows = setting.judge.rows(setting.factuals, answers)
    return {
        "scores": setting.score(answers).to_dict(),
        "rows": {name: _plain(rows[name].round(6).tolist()) for name in rows},
    }


def _plain(value: Any) -> Any:
    """JSON's types: numpy's scalars become Python's, NaN None, what JSON lacks its text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def failure(cell: Cell, error: BaseException) -> dict[str, Any]:
    """The record of a cell that could not be measured."""
    return {
        "cell": asdict(cell),
        "key": cell.key,
        "error": {
            "type": type(error).__name__,
            "message": " ".join(str(error).split()),
            "traceback": traceback.format_exception(error)[-6:],
        },
        "environment": environment(),
    }


def main(arguments: list[str]) -> int:
    """Measure the cell of a JSON file and write its record; an error is a record too."""
    content, target = json.loads(Path(arguments[0]).read_text()), Path(arguments[1])
    cell, root = Cell(**content["cell"]), content["root"]
    try:
        record = measure(cell, root)
    except Exception as error:  # whatever a method raises is what the record is for
        record = failure(cell, error)
    write_whole(target, record)
    return 0


def write_whole(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record so that a file is whole or absent, whenever the process is killed."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(record, indent=1) + "\n")
    part.replace(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
