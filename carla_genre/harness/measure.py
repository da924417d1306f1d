"""A cell's measurement."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
import torch

from carla_genre.evaluation.environment import peak_memory_mb
from carla_genre.evaluation.measure import aligned
from carla_genre.harness.cell import Cell, Paths
from carla_genre.harness.record import environment, failure
from carla_genre.harness.scoring import GivenAnswers, Scoring
from carla_genre.io import in_json
from carla_genre.methods.carla.respecting import RespectConstraints
from carla_genre.methods.core.base import SchemaMethod
from carla_genre.methods.registry import build_method, hyperparameters_of
from carla_genre.protocol import Setting, prepare


def setting_of(cell: Cell, paths: Paths) -> Setting:
    """The protocol up to the people that a cell asks about."""
    return prepare(
        paths.source(cell),
        cell.seed,
        cell.n_factuals,
        paths.root,
        rows=cell.rows,
        cache=paths.cache,
        classifier=cell.classifier,
        label_noise=cell.label_noise,
        gold=cell.gold,
    )


def measure(
    cell: Cell,
    paths: Paths = Paths(),  # noqa: B008  (frozen)
    build: Callable[[str, Any, Mapping[str, Any]], Any] = build_method,
) -> dict[str, Any]:
    """Run a cell in this process.

    Parameters
    ----------
    cell : Cell
    paths : Paths
        Where its data are.
    build : callable
        How the method is built from its name, h and its hyperparameters.

    Returns
    -------
    dict
        In JSON's types: ``cell`` and ``key``; ``setting`` (checks and seconds of the protocol); ``seconds``
        (wall) and ``cpu_seconds`` of ``prepare`` and ``answer``; ``hyperparams``, all of the method's;
        ``scores`` and ``rows`` (one list a measure, one number a factual) of the answers as they are;
        ``constrained``, for a method that does not hold the constraints by itself, with the same of its
        answers after the constraints were restored, and with how many answers were lost; ``peak_mb`` of the memory;
        ``environment``; with ``cell.answers`` also ``features``, ``factuals`` and ``answers``.
    """
    setting = setting_of(cell, paths)
    before = peak_memory_mb()
    hyperparams = _with_seed(cell)  # loading the method's module is not part of its training
    mlmodel = setting.mlmodel if cell.share == 1 else setting.with_share(cell.share)
    start = _clock()
    method = build(cell.method, mlmodel, hyperparams)
    prepared = _clock()
    # Methods get the classifier's columns only, not the drawn label.
    factuals = setting.factuals[list(setting.mlmodel.feature_input_order)]
    answers = method.get_counterfactuals(factuals)
    done = _clock()
    peak = peak_memory_mb()  # the method's: scoring it takes memory too
    scoring = Scoring(setting, cell.n_retrained, paths.cache)
    parts = {"prepare": prepared - start, "answer": done - prepared}
    record = {
        "cell": asdict(cell),
        "key": cell.key,
        "setting": {"checks": setting.checks, "seconds": setting.seconds},
        "seconds": {name: round(float(part[0]), 4) for name, part in parts.items()},
        "cpu_seconds": {name: round(float(part[1]), 4) for name, part in parts.items()},
        "hyperparams": in_json(getattr(method, "hyperparams", None)),
        **_figures(scoring(answers, _candidates(method, factuals))),
        "peak_mb": {"protocol": round(before), "method": round(peak), "gpu": _gpu_mb()},
        "environment": environment(),
    }
    if cell.answers:
        record |= _factuals_and_answers(setting, answers)
    if not getattr(method, "holds_constraints", False):
        record["constrained"] = _constrained(setting, factuals, answers, scoring)
    return record


def measure_or_fail(cell: Cell, paths: Paths, *_: Any) -> dict[str, Any]:
    """The record of a cell that runs in this process, or of its failure; further arguments are ignored."""
    try:
        return measure(cell, paths)
    except Exception as error:  # the record reports whatever a method raises
        return failure(cell, error)


def _factuals_and_answers(setting: Setting, answers: pd.DataFrame) -> dict[str, Any]:
    """Both as the classifier's columns, in the order of ``rows``; null for a failure."""
    before, after = aligned(setting.judge.schema, setting.factuals, answers)
    return {
        "features": list(setting.judge.schema.columns),
        "factuals": before.tolist(),
        "answers": [None if np.isnan(row).any() else row.tolist() for row in after],
    }


def _clock() -> np.ndarray:
    """Wall and processor seconds; a GPU is waited for."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return np.array([time.perf_counter(), time.process_time()])


def _gpu_mb() -> int | None:
    return round(torch.cuda.max_memory_allocated() / 1e6) if torch.cuda.is_available() else None


def _with_seed(cell: Cell) -> Mapping[str, Any]:
    """The cell's seed is the method's too, unless it has its own or takes none."""
    takes = hyperparameters_of(cell.method, cell.hyperparams)
    return {"seed": cell.seed, **cell.hyperparams} if takes and "seed" in takes else cell.hyperparams


def _constrained(
    setting: Setting, factuals: pd.DataFrame, answers: pd.DataFrame, scoring: Scoring
) -> dict[str, Any]:
    wrapper = RespectConstraints(GivenAnswers(setting.mlmodel, answers))
    kept = wrapper.get_counterfactuals(factuals)
    assert wrapper.report is not None
    return {**_figures(scoring(kept)), "report": asdict(wrapper.report)}


def _candidates(method: Any, factuals: pd.DataFrame) -> np.ndarray | None:
    """The candidates of each answer, where there are several; drawn again, outside of the measured time."""
    if not isinstance(method, SchemaMethod) or not hasattr(method, "candidates"):
        return None
    candidates = method.candidates(method.schema.encode(factuals))
    return candidates if candidates.shape[1] > 1 else None


def _figures(judged: Mapping[str, Any]) -> dict[str, Any]:
    rows = judged["rows"]
    return {
        "scores": in_json(judged["scores"]),
        "rows": {name: in_json(rows[name].round(6).tolist()) for name in rows},
    }
