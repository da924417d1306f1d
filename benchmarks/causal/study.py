"""What becomes of answers when their actions are carried out in the true model."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from benchmarks.causal.models import CarlaModel, Noise, Truth
from carla_genre import load_dataset
from carla_genre.blackbox import model_probability
from carla_genre.causal import Causes
from carla_genre.methods.registry import build_method
from carla_genre.protocol.classifier import (
    EncodedModel,
    ProtocolClassifier,
    TwoClasses,
    fit_network,
    initial_network,
)

from carla.recourse_methods.catalog.causal_recourse.model import CausalRecourse
from carla.recourse_methods.catalog.causal_recourse.sampler import Sampler

# Label -> the method, and which causes it is told: none, the graph with its equations, or the graph alone.
METHODS: Mapping[str, tuple[str, str | None]] = {
    "GenRe": ("GenRe", None),
    "GenRe, true equations": ("GenRe", "true"),
    "GenRe, fitted equations": ("GenRe", "fitted"),
    "NNR": ("NNR", None),
    "NNR, true equations": ("NNR", "true"),
    "NNR, fitted equations": ("NNR", "fitted"),
    "CausalRecourse": ("CausalRecourse", "true"),
}
# What can be set: all that is not immutable, or not all effects.
PARTS = ("all can be set", "some cannot be set")
# CARLA's search tries eleven values a feature, in every combination: it is asked where the features are so few.
MOST_SEARCHED = 3


@dataclass(frozen=True)
class Plan:
    """The sizes of a cell: rows, a fifth of them for asking; people who are asked, and whom CARLA's search is asked."""

    rows: int = 1250
    people: int = 100
    searched: int = 3
    epochs: int = 50
    hyperparams: tuple[tuple[str, Any], ...] = ()


class World(NamedTuple):
    """Rows of a structural model, h that has learned from them, and denied people with their noise.

    ``frozen`` is h with data in which what is passive is immutable: all that a method can be told that knows of no
    causes. ``built`` keeps the methods: those that are told of causes are these, with causes.
    """

    truth: Truth
    data: Any
    mlmodel: Any
    frozen: Any
    people: pd.DataFrame
    noise: Noise
    scale: pd.Series
    noise_scale: pd.Series
    built: dict[tuple[str, bool], Any]


class Answers(NamedTuple):
    """Of whom has an answer, in original units: their rows, what they do, which features that sets, the answer."""

    own: pd.DataFrame
    actions: pd.DataFrame
    acted: pd.DataFrame
    answers: pd.DataFrame


def world(truth: Truth, seed: int, plan: Plan) -> World:
    """The rows, the paper's network as h, and the people who are asked, all by the seed."""
    rows, noise = truth.sample(plan.rows, seed)
    features = [name for name in rows if name != "y"]

    def catalog(immutables: tuple[str, ...]) -> Any:
        return load_dataset(
            rows,
            target="y",
            categorical=list(truth.categorical),
            continuous=[name for name in features if name not in truth.categorical],
            immutables=list(immutables),
            test_size=0.2,
            seed=seed,
            quiet=True,
        )

    data = catalog(truth.immutables)
    columns = [column for column in data.df_train if column != "y"]
    network = initial_network(len(columns), seed)
    fit_network(network, data, columns, balanced=False, epochs=plan.epochs)
    mlmodel = ProtocolClassifier(data, columns, TwoClasses(network))
    test = data.df_test
    denied = test[model_probability(mlmodel, test) <= 0.5].head(plan.people)
    train = rows.loc[data.df_train.index, features]
    own = {name: numbers[denied.index] for name, numbers in noise.items()}
    scale = train.max() - train.min()
    spread = truth.scale_of_noise(rows, noise, seed)
    frozen = ProtocolClassifier(catalog((*truth.immutables, *truth.passive)), columns, TwoClasses(network))
    return World(truth, data, mlmodel, frozen, denied, own, scale, spread, {})


def measured(here: World, part: str, label: str, seed: int, plan: Plan) -> dict[str, Any]:
    """The figures of one method in a part of the benchmark, one of ``PARTS``.

    ``answered``; ``said`` and ``after``, the shares of the answered whose answer, and whose state after their actions,
    has h > .5; ``cost`` of the actions, each in widths of its feature's range; ``actions``, how many; ``consistent``,
    the share whose answer is, in each feature, within a standard deviation of its noise of where the actions lead;
    ``apart``, the mean distance of both in these deviations, in the feature where it is greatest; seconds.
    """
    start = time.process_time()
    ask = _searched if label == "CausalRecourse" else _answered
    asked, found = ask(here, part, label, seed, plan)
    seconds = time.process_time() - start
    places = [here.people.index.get_loc(one) for one in found.own.index]
    noise = {name: numbers[places] for name, numbers in here.noise.items()}
    states = here.truth.carried_out(found.own, noise, found.actions, found.acted)
    names = list(here.truth.order)
    apart = ((found.answers[names].astype(float) - states[names]).abs() / here.noise_scale[names]).max(axis=1)
    change = (found.actions[names].astype(float) - found.own[names]).abs() / here.scale[names]
    return {
        "part": part,
        "label": label,
        "people": asked,
        "answered": len(found.own) / asked,
        "said": _mean(_h(here, found.answers) > 0.5),
        "after": _mean(_h(here, states) > 0.5),
        "cost": _mean(change.where(found.acted[names], 0.0).sum(axis=1)),
        "actions": _mean(found.acted.sum(axis=1)),
        "consistent": _mean(apart <= 1),
        "apart": _mean(apart),
        "cpu_s": seconds,
    }


def _mean(numbers: Any) -> float | None:
    return float(np.mean(numbers)) if len(numbers) else None


def _h(here: World, rows: pd.DataFrame) -> np.ndarray:
    if not len(rows):
        return np.empty(0)
    kinds = dict.fromkeys(here.truth.categorical, int)
    return model_probability(here.mlmodel, here.data.transform(rows.astype(kinds)))


def _answered(here: World, part: str, label: str, seed: int, plan: Plan) -> tuple[int, Answers]:
    (name, told), passive = METHODS[label], here.truth.passive if part == PARTS[1] else ()
    method = _built(here, name, bool(passive) and told is None, seed, plan)
    if told is not None:
        equations = here.truth.causes.equations if told == "true" else None
        method = method.with_causes(Causes(here.truth.causes.graph, equations, passive))
    answers = method.get_counterfactuals(here.people).dropna()
    actions = method.get_actions(here.people).loc[answers.index]
    own = here.people.loc[answers.index]
    original = [_undone(here, rows) for rows in (own, actions, answers)]
    acted = pd.DataFrame(False, answers.index, here.truth.order)
    for name in here.data.continuous:
        acted[name] = actions[name].to_numpy() != own[name].to_numpy()
    return len(here.people), Answers(original[0], original[1], acted, original[2])


def _built(here: World, name: str, frozen: bool, seed: int, plan: Plan) -> Any:
    """A method that knows of no causes."""
    if (name, frozen) not in here.built:
        given: dict[str, Any] = {"seed": seed, "verbose": False}
        given |= (
            dict(plan.hyperparams) if name == "GenRe" else {"selection": "expected", "accepted": "labelled"}
        )
        here.built[name, frozen] = build_method(name, here.frozen if frozen else here.mlmodel, given)
    return here.built[name, frozen]


def _undone(here: World, rows: pd.DataFrame) -> pd.DataFrame:
    columns = list(here.mlmodel.feature_input_order)
    if not len(rows):
        return pd.DataFrame(columns=here.truth.order, index=rows.index, dtype=float)
    return here.data.inverse_transform(rows[columns])[here.truth.order]


class _InOriginalUnits(EncodedModel):
    """h asked about rows in original units, which CARLA's equations speak of."""

    def __init__(self, here: World, immutables: list[str]) -> None:
        train = here.data.df_train
        rows = here.data.inverse_transform(train)[here.truth.order].assign(y=train["y"])
        names: Callable[[Any], list[str]] = list
        data = SimpleNamespace(
            df=rows,
            df_train=rows,
            target="y",
            scaler=None,
            continuous=names(here.data.continuous),
            categorical=names(here.data.categorical),
            immutables=names(immutables),
        )
        super().__init__(data, sorted(here.truth.order), here.mlmodel)
        scaler = here.data.scaler
        self._scaling = dict(
            zip(here.data.continuous, zip(scaler.scale_, scaler.min_, strict=True), strict=True)
        )

    @property
    def backend(self) -> str:
        return "pytorch"

    def predict_proba(self, x: Any) -> np.ndarray:
        given = x if isinstance(x, pd.DataFrame) else pd.DataFrame(x, columns=self.feature_input_order)
        cells = []
        for (
            column
        ) in self._model.feature_input_order:  # by hand: a thousand rows a person are asked about, one by one
            name = column if column in self._scaling else column.rpartition("_")[0]
            scale, offset = self._scaling.get(name, (1.0, 0.0))
            cells.append(given[name].to_numpy(dtype=float) * scale + offset)
        probabilities: np.ndarray = self._model.predict_proba(np.column_stack(cells))
        return probabilities


def _searched(here: World, part: str, label: str, seed: int, plan: Plan) -> tuple[int, Answers]:
    """CARLA's CausalRecourse, of fewer people: it tries over a thousand sets of actions for each."""
    people = _undone(here, here.people.head(plan.searched))
    model: Any = CarlaModel(here.truth)  # what CARLA asks of its CausalModel, and no more
    immutables = (here.frozen if part == PARTS[1] else here.mlmodel).data.immutables
    mlmodel: Any = _InOriginalUnits(here, immutables)  # of its MLModelCatalog likewise
    method: Any = CausalRecourse(mlmodel, {"scm": model})
    parts = Answers(*(pd.DataFrame(columns=people.columns, dtype=float) for _ in range(4)))
    for place, factual in people.iterrows():
        actions, _ = method.compute_optimal_action_set(
            factual, method._constraint_handle, method._sampler_handle
        )
        if actions:
            moved = Sampler(model).sample(1, factual, actions, method._sampler_handle)
            parts.own.loc[place], parts.answers.loc[place] = factual, moved[people.columns].iloc[0]
            parts.actions.loc[place] = pd.Series({**factual, **actions})
            parts.acted.loc[place] = [name in actions for name in people.columns]
    return len(people), parts._replace(acted=parts.acted.astype(bool))
