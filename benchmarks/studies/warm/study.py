"""What changes, how a generator for it comes about, and what that costs and scores."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from carla_genre.blackbox import model_probability
from carla_genre.errors import InputError
from carla_genre.generator.config import DEFAULT
from carla_genre.methods.genre.method import GenRe
from carla_genre.protocol import Setting, prepare
from carla_genre.protocol.cache import default_folder
from carla_genre.protocol.classifiers import PAPER_CLASSIFIER
from carla_genre.protocol.retraining import retrained

# The choice among the candidates -> what GenRe is sampled with; beside the paper's rule, GenRe's own default.
RULES: Mapping[str, Mapping[str, Any]] = {
    "validity": {"selection": "validity"},
    "default": {"selection": "expected"},
}


class Start(NamedTuple):
    """How a generator comes about: from the old one or anew, and a share of the default's steps."""

    warm: bool
    share: float


STARTS = {
    "anew": Start(False, 1.0),
    "anew, a fifth of the steps": Start(False, 0.2),
    "the old one, trained on for a fifth": Start(True, 0.2),
    "the old one, trained on for a tenth": Start(True, 0.1),
    "the old one as it is": Start(True, 0.0),
}


class Change(NamedTuple):
    """What the old generator was not trained for: another h with its people, or other hyperparameters."""

    setting: Setting
    hyperparams: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Plan:
    """The sizes of the study.

    Parameters
    ----------
    factuals : int
        Denied people of each h.
    rows : int, optional
        At most so many training rows.
    steps : int
        Of a training anew.
    """

    factuals: int = 200
    rows: int | None = None
    steps: int = DEFAULT.training.steps


def measured(
    data: str, seed: int, root: str | os.PathLike[str] | None, plan: Plan
) -> Iterator[dict[str, Any]]:
    """A row of figures for each change, start and rule.

    The loss is that of the held-out pairs of the new h, over the generator's own bins; None where nothing was trained.
    Seconds are the processor's, of all that GenRe does before it can answer by the paper's rule: asking h about the
    training rows, pairs, training. The default's selector is not among them.
    """
    setting = _prepared(data, seed, root, plan)
    given: dict[str, Any] = {"seed": seed, "verbose": False, **RULES["validity"]}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "old.safetensors"
        GenRe(setting.mlmodel, {**given, "training": {"steps": plan.steps}}).save(path)
        for what, change in _changes(setting, root, plan).items():
            for label, start in STARTS.items():
                old = {"warm_start": str(path)} if start.warm else {}
                steps = {"training": {"steps": round(plan.steps * start.share)}}
                begin = time.process_time()
                method = GenRe(change.setting.mlmodel, {**given, **change.hyperparams, **old, **steps})
                seconds = time.process_time() - begin
                losses = method.history.validation if method.history else []
                built = {"build_cpu_s": seconds, "loss": min(losses, default=None)}
                for rule, figures in _answered(change.setting, method).items():
                    row = {"data": data, "seed": seed, "change": what, "start": label, "rule": rule}
                    yield {**row, **built, **figures}


def _answered(setting: Setting, method: GenRe) -> dict[str, dict[str, Any]]:
    """Each rule's figures."""
    found = {}
    for rule, sampling in RULES.items():
        chosen = method.with_sampling(**sampling)
        begin = time.process_time()
        answers = chosen.get_counterfactuals(setting.factuals)
        seconds = time.process_time() - begin
        found[rule] = {"answer_cpu_s": seconds, **setting.score(answers).to_dict()}
    return found


def _prepared(
    data: str, seed: int, root: str | os.PathLike[str] | None, plan: Plan, classifier: str = PAPER_CLASSIFIER
) -> Setting:
    return prepare(
        data, seed, plan.factuals, root, rows=plan.rows, cache=default_folder(), classifier=classifier
    )


def _changes(setting: Setting, root: str | os.PathLike[str] | None, plan: Plan) -> dict[str, Change]:
    """The same labels throughout."""
    (again,) = retrained(setting, 1, rows="same", cache=default_folder())
    forest = _prepared(setting.name, setting.seed, root, plan, classifier="forest")
    return {
        "h from other initial weights": Change(_denied_by(again, setting, plan.factuals)),
        "a random forest as h": Change(forest),
        "gamma .7 to .8": Change(setting, {"gamma": 0.8}),
    }


def _denied_by(mlmodel: Any, setting: Setting, n: int) -> Setting:
    """The setting with another h and people whom that one denies, drawn as the protocol draws them."""
    test = setting.data.df_test
    denied = test.index[model_probability(mlmodel, test) <= 0.5]
    if len(denied) < n:
        raise InputError(f"{setting.name}: h trained again denies {len(denied)} test rows, {n} are asked for")
    chosen = np.random.RandomState(setting.seed).choice(denied, n, replace=False)
    return replace(setting, mlmodel=mlmodel, factuals=test.loc[chosen])
