"""What GenRe costs and how well it answers by the paper's rule of choosing, against the number of features."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.studies.features.order import OrderedGenRe
from benchmarks.studies.features.profile import measured_steps
from benchmarks.studies.features.real import find_file, real_setting
from benchmarks.studies.features.setting import KnownGold, known_setting, likely
from carla_genre.evaluation.environment import memory_since_mb, peak_memory_mb
from carla_genre.methods.baselines.nearest import NearestNeighbor
from carla_genre.methods.genre.method import GenRe
from carla_genre.protocol import Setting

NNR, PLAIN, PATCHED = "NNR(D_h+)", "GenRe, default", "GenRe, many features"
SOFT: Mapping[str, Any] = {"n_bins": 32, "training": {"soft_labels": True, "conditional": False}}
PATCHES: Mapping[str, Any] = {**SOFT, "architecture": {"patch": 5}}
# Soft labels want bins of one width, or the wide ones of a skewed feature take all.
FOR_MANY: Mapping[str, Any] = {**PATCHES, "binning": "even"}
STEPS_TIMED = 4


class Variant(NamedTuple):
    """A method, how it is built, and what it is given beside the study's steps and batch."""

    method: Any
    hyperparams: Mapping[str, Any] = {}
    further: Mapping[str, Any] = {}


# By rising memory, because a process's peak is that of all it has done.
GROWTH = {
    NNR: Variant(NearestNeighbor),
    PATCHED: Variant(GenRe, FOR_MANY),
    PLAIN: Variant(GenRe),
}
# Of the known data: each changes one thing of the default, or of its soft labels on 32 bins. The record has three
# more, of networks that are no longer in the package.
REMEDIES = {
    PLAIN: Variant(GenRe),
    "drawn order": Variant(OrderedGenRe, {}, {"order": "drawn 0"}),
    "patches of 5": Variant(GenRe, {"architecture": {"patch": 5}}),
    "32 bins, soft labels": Variant(GenRe, SOFT),
    "32 bins, soft labels, patches of 5": Variant(GenRe, PATCHES),
    "the same, drawn order": Variant(OrderedGenRe, PATCHES, {"order": "drawn 0"}),
    "32 bins, soft labels, patches of 10": Variant(GenRe, {**SOFT, "architecture": {"patch": 10}}),
}


@dataclass(frozen=True)
class Plan:
    """The sizes of the study.

    Parameters
    ----------
    steps, batch_size : int
        Of every training: far fewer than the default, so that two cores reach large d.
    rows : int
        Train rows of the known data.
    factuals : int
        People to answer, ten candidates each.
    seed : int
    most : int
        d above which the default network is not trained: a few of its steps are timed, its training extrapolated.
    """

    steps: int = 300
    batch_size: int = 64
    rows: int = 6000
    factuals: int = 200
    seed: int = 0
    most: int = 200


def growth(d: int, plan: Plan) -> list[dict[str, Any]]:
    """One row of figures for each of ``GROWTH`` on the known data of d features, in a process of its own."""
    return _apart(_growth, d, plan)


def remedies(d: int, plan: Plan) -> list[dict[str, Any]]:
    """One row of figures for each of ``REMEDIES`` on the known data of d features, in a process of its own."""
    return _apart(_remedies, d, plan)


def real(name: str, root: Path | None, plan: Plan) -> list[dict[str, Any]]:
    """One row of figures for each of ``GROWTH`` on one of the real tables, in a process of its own."""
    return _apart(_real, name, find_file(name, root), plan)


def _apart(work: Any, *arguments: Any) -> list[dict[str, Any]]:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        rows: list[dict[str, Any]] = pool.apply(work, arguments)
    return rows


def _growth(d: int, plan: Plan) -> list[dict[str, Any]]:
    setting = known_setting(d, plan.rows, plan.factuals, plan.seed)
    return list(_measured(setting, GROWTH, plan, with_steps=True))


def _remedies(d: int, plan: Plan) -> list[dict[str, Any]]:
    setting = known_setting(d, plan.rows, plan.factuals, plan.seed)
    return list(_measured(setting, REMEDIES, plan, with_steps=False))


def _real(name: str, path: Path, plan: Plan) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        setting = real_setting(name, path, Path(folder), plan.factuals, plan.seed)
    return list(_measured(setting, GROWTH, plan, with_steps=False))


def _measured(
    setting: Setting, variants: Mapping[str, Variant], plan: Plan, with_steps: bool
) -> Iterator[dict[str, Any]]:
    before = peak_memory_mb()
    for label, variant in variants.items():
        d = len(setting.judge.schema.features)
        given: dict[str, Any] = {"seed": plan.seed, "verbose": False, **variant.hyperparams}
        timed_only = label == PLAIN and d > plan.most
        steps = STEPS_TIMED if timed_only else plan.steps
        if issubclass(variant.method, GenRe):
            training = {"steps": steps, "batch_size": plan.batch_size, "evaluations": min(steps, 12)}
            given |= {"selection": "validity", "training": {**training, **given.get("training", {})}}
        start = time.process_time()
        method = variant.method(setting.mlmodel, given, **variant.further)
        seconds = time.process_time() - start
        row: dict[str, Any] = {"data": setting.name, "d": d, "label": label, "train_cpu_s": seconds}
        row |= {"trained": not timed_only} | ({} if timed_only else _answered(setting, method))
        row["peak_mb"] = memory_since_mb(before)
        if issubclass(variant.method, GenRe):
            parameters = method.generator.parameters()
            row["parameters"] = sum(parameter.numel() for parameter in parameters)
            if with_steps:
                row |= measured_steps(method.generator, plan.batch_size, STEPS_TIMED)
        if timed_only:
            row["train_cpu_s"] += row["step_cpu_s"] * (plan.steps - steps)
        yield row


def _answered(setting: Setting, method: Any) -> dict[str, Any]:
    start = time.process_time()
    answers = method.get_counterfactuals(setting.factuals)
    seconds = time.process_time() - start
    scores = setting.score(answers)
    history = getattr(method, "history", None)
    return {
        "answer_cpu_s": seconds,
        "score": scores.score,
        "val": scores.val,
        "lof": scores.lof,
        "cost_per_feature": scores.cost / scores.d,
        "answered": scores.answered,
        "likely": likely(setting, answers) if isinstance(setting.gold, KnownGold) else None,
        "loss": min(history.validation) if history else None,
    }


def settings_of(plan: Plan) -> dict[str, Any]:
    """The plan in JSON's types."""
    return asdict(plan)
