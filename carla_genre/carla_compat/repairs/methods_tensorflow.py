"""CEM and FOCUS, which compute with TensorFlow 1's graphs."""

from __future__ import annotations

import sys
from functools import wraps
from types import ModuleType
from typing import Any

from carla_genre.carla_compat.registry import repair


@repair("carla.recourse_methods.catalog.cem.model")
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


@repair("carla.recourse_methods.catalog.focus.model")
def focus_opens_a_session_eagerly(module: ModuleType) -> bool:
    """FOCUS runs a session, which has no graph in eager mode: the search gets a graph of its own."""
    if sys.modules.get("tensorflow") is None:
        return False
    tf, method = module.tf, module.FOCUS
    original = method.get_counterfactuals

    @wraps(original)
    def get_counterfactuals(self: Any, factuals: Any) -> Any:
        with tf.Graph().as_default():
            return original(self, factuals)

    method.get_counterfactuals = get_counterfactuals
    return True


@repair("carla.models.catalog.trees")
def tree_scores_are_no_index(module: ModuleType) -> bool:
    """FOCUS on xgboost takes `score > 0.5` for a list's index, which numpy 2 refuses: the scores become Python's."""
    original = module.parse_booster

    @wraps(original)
    def parse_booster(booster: Any) -> Any:
        *parts, scores = original(booster)
        return (*parts, [float(score) for score in scores])

    module.parse_booster = parse_booster  # type: ignore[attr-defined]
    return True
