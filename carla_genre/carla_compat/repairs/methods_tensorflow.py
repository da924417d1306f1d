"""CEM and FOCUS, which compute with TensorFlow 1's graphs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from copy import deepcopy
from functools import partial, wraps
from types import ModuleType, SimpleNamespace
from typing import Any

from carla_genre.carla_compat.imports import OverlayModule
from carla_genre.carla_compat.one_hot import groups_of, make_valid
from carla_genre.carla_compat.registry import around, repair, repair_around

_CEM = "carla.recourse_methods.catalog.cem.model"
_FOCUS = "carla.recourse_methods.catalog.focus.model"


@repair(_CEM)
def cem_puts_keras_into_a_graph(module: ModuleType) -> bool:
    """CEM calls Keras models in a version-1 graph, which Keras 3 refuses: their weights enter as constants."""
    if sys.modules.get("tensorflow") is None:
        return False
    from carla_genre.carla_compat.eager_mode import eagerly, in_graph

    tf, method = module.tf, module.CEM

    def _get_label_score(self: Any, delta: Any, adv: Any) -> Any:
        return in_graph(self._mlmodel.raw_model, delta if self._mode == "PP" else adv)

    def _compute_AE_lost(self: Any, delta: Any, gamma: float) -> Any:
        return gamma * tf.square(tf.norm(in_graph(self._AE, delta) - delta))

    for replacement in (_get_label_score, _compute_AE_lost):
        original = getattr(method, replacement.__name__)
        setattr(method, replacement.__name__, wraps(original)(replacement))
    # the search itself only runs the graph; around it, the classifier is asked for a prediction
    method._counterfactual_search = eagerly(method._counterfactual_search)
    return True


@repair(_CEM)
def cem_steps_in_any_order(module: ModuleType) -> bool:
    """CEM's momentum reads a variable that the same step assigns, before or after, as threads fall: it reads first."""
    if sys.modules.get("tensorflow") is None:
        return False
    tf, method = module.tf, module.CEM

    @around(method, "__init__")
    def __init__(build: Any, self: Any, session: Any, *args: Any, **kwargs: Any) -> None:
        build(self, session, *args, **kwargs)
        value = self._adv_updater.op.inputs[1]
        with session.graph.as_default(), tf.control_dependencies([self._adv_updater_s.op]):
            self._adv_updater = tf.assign(self._adv, value)

    return True


@repair(_CEM)
def cem_answers_failures_with_zeros(module: ModuleType) -> bool:
    """CEM returns a row of zeros where it has found nothing, which the classifier may accept: it is left empty."""
    # Of CEM's arrays only the answer is as long as one person's row, given as a shape.
    return _empty_where_zeros(module, lambda shape: isinstance(shape, tuple) and len(shape) == 1)


def _empty_where_zeros(module: ModuleType, is_of_answers: Callable[[Any], bool]) -> bool:
    numpy = module.np

    def zeros(shape: Any, *args: Any, **kwargs: Any) -> Any:
        if is_of_answers(shape):
            return numpy.full(tuple(shape), numpy.nan)
        return numpy.zeros(shape, *args, **kwargs)

    module.np = OverlayModule(numpy, {"zeros": zeros})  # type: ignore[attr-defined]
    return True


@repair_around("CEM._counterfactual_search", _CEM)
def cem_leaves_categories_between_levels(search: Any, self: Any, instance: Any) -> Any:
    """CEM moves a category to any number, so that nobody could have it: each gets its likeliest level."""
    import numpy as np
    import torch

    found = np.asarray(search(self, instance), dtype=float)
    if np.isnan(found).any():
        return found
    return make_valid(torch.from_numpy(found.reshape(1, -1)), groups_of(self._mlmodel)).numpy().ravel()


class _EagerSession:
    """What FOCUS needs of a session, without a graph: `run` calls what it is given."""

    def __enter__(self) -> _EagerSession:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def run(self, function: Any) -> Any:
        return function()


@repair(_FOCUS)
def focus_opens_a_session_eagerly(module: ModuleType) -> bool:
    """FOCUS runs a session, which has no graph in eager mode, around an eager search: the search is called directly."""
    if sys.modules.get("tensorflow") is None:
        return False
    from carla_genre.carla_compat.eager_mode import eagerly

    tf, method = module.tf, module.FOCUS
    version_1 = tf.compat.v1
    training = OverlayModule(version_1.train, {"get_or_create_global_step": lambda: None})
    view = OverlayModule(version_1, {"Session": _EagerSession, "train": training})
    compat = OverlayModule(tf.compat, {"v1": view})
    # asked for one gradient a step; a persistent tape would record that gradient too
    tape = {"GradientTape": lambda persistent=False: tf.GradientTape()}
    module.tf = OverlayModule(tf, {"compat": compat, **tape})  # type: ignore[attr-defined]
    eager = SimpleNamespace(py_func=lambda function, arguments, dtype: partial(function, *arguments))
    module.tfe = eager  # type: ignore[attr-defined]
    method.get_counterfactuals = eagerly(method.get_counterfactuals)
    return True


@repair(_FOCUS)
def focus_answers_failures_with_zeros(module: ModuleType) -> bool:
    """FOCUS returns a row of zeros where it has found nothing, which the forest may accept: it is left empty."""
    return _empty_where_zeros(module, lambda shape: type(shape).__name__ == "TensorShape")


@repair_around("FOCUS.get_counterfactuals", _FOCUS)
def focus_remembers_the_last_people(answer: Any, self: Any, factuals: Any) -> Any:
    """FOCUS keeps its optimiser's momentum: the same people get other answers later. Each search has its own now."""
    unused = self.optimizer
    self.optimizer = deepcopy(unused)
    try:
        return answer(self, factuals)
    finally:
        self.optimizer = unused


#: No processor of today computes with more doubles at once.
_PACKET = 16


@repair(_FOCUS)
def focus_answers_hang_on_who_else_asks(module: ModuleType) -> bool:
    """FOCUS takes the mean loss of all who ask, so that each one's steps hang on their number: it takes the sum.

    Adam adds a constant to the root of the gradient's square, so it is not blind to such a factor. And TensorFlow
    computes the last rows of those still searched for, which fill no whole packet of the processor's, by another
    function with another last bit: each person fills a packet alone.
    """
    if sys.modules.get("tensorflow") is None:
        return False
    module.tf = OverlayModule(module.tf, {"reduce_mean": module.tf.reduce_sum})  # type: ignore[attr-defined]

    @around(module.FOCUS, "get_counterfactuals")
    def get_counterfactuals(answer: Any, self: Any, factuals: Any) -> Any:
        people = [row for row in range(len(factuals)) for _ in range(_PACKET)]
        return answer(self, factuals.iloc[people]).iloc[::_PACKET].reset_index(drop=True)

    return True


@repair_around("parse_booster", "carla.models.catalog.trees")
def tree_scores_are_no_index(original: Any, booster: Any) -> Any:
    """FOCUS on xgboost takes `score > 0.5` for a list's index, which numpy 2 refuses: the scores become Python's."""
    *parts, scores = original(booster)
    return (*parts, [float(score) for score in scores])
