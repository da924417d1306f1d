"""CARLA's causal models, and CausalRecourse, which needs one."""

from __future__ import annotations

import collections.abc
from collections.abc import Callable
from functools import wraps
from math import prod
from types import ModuleType
from typing import Any

from carla_genre.carla_compat.imports import ImportRequest, OverlayModule
from carla_genre.carla_compat.registry import repair, repair_around, repair_imports
from carla_genre.errors import InputError


@repair_imports("collections", "causalgraphicalmodels.*")
def collections_lacks_abstract_classes(request: ImportRequest, proceed: Callable[[], Any]) -> Any:
    """`from collections import Iterable` fails (Python 3.10): causalgraphicalmodels alone finds it there."""
    found = proceed()
    names = {
        name: getattr(collections.abc, name)
        for name in request.fromlist
        if not hasattr(found, name) and hasattr(collections.abc, name)
    }
    if request.name != "collections" or not names:
        return found
    return OverlayModule(found, names)


@repair_imports("causalgraphicalmodels", "carla.data.causal_model.causal_model")
def causalgraphicalmodels_is_absent(request: ImportRequest, proceed: Callable[[], Any]) -> Any:
    """Causal models need causalgraphicalmodels (last release of 2019) for a graph: absent, networkx carries it."""
    try:
        return proceed()
    except ImportError:
        from carla_genre.carla_compat import causal_graphs

        return causal_graphs


@repair("carla.data.causal_model.synthethic_data")
def frame_columns_are_a_set(module: ModuleType) -> bool:
    """`pd.DataFrame(columns={...})` raises (pandas 2.0): a set of names given there becomes a list."""
    pandas = module.pd

    def frame(*args: Any, columns: Any = None, **options: Any) -> Any:
        if isinstance(columns, set | frozenset):
            columns = sorted(columns)
        return pandas.DataFrame(*args, columns=columns, **options)

    module.pd = OverlayModule(pandas, {"DataFrame": frame})  # type: ignore[attr-defined]
    return True


_MODEL = "carla.recourse_methods.catalog.causal_recourse.model"
#: Sets of actions that are tried for each factual, at most: each is a frame and a prediction.
_MOST_ACTION_SETS = 1_000_000
_VALUES_A_NUMBER, _VALUES_A_CATEGORY = 11, 3  # of CARLA's grid, to leave the feature alone included


@repair_around("CausalRecourse.__init__", _MODEL)
def causal_recourse_has_no_defaults(build: Any, self: Any, mlmodel: Any, hyperparams: Any = None) -> None:
    """CausalRecourse fails on the first name that is not given, and without a causal model: defaults, one clear error.

    The defaults are the repository's head's: brute force, ten samples, one point, the true structural equations.
    """
    from carla.recourse_methods.catalog.causal_recourse import constraints, samplers

    defaults = {
        "optimization_approach": "brute_force",
        "num_samples": 10,
        "constraint_handle": constraints.point_constraint,
        "sampler_handle": samplers.sample_true_m0,
    }
    settings = {**defaults, **({} if hyperparams is None else hyperparams)}
    scm = settings.get("scm")
    if not hasattr(scm, "structural_equations_np"):
        got = "" if scm is None else f", got {scm!r:.80}"
        raise InputError(
            'CausalRecourse needs the structural equations of the data, hyperparams["scm"]: a carla.data.'
            f"causal_model.CausalModel{got}. Where they are not known, GrowingSpheres, Dice and Face need none"
        )
    if settings["optimization_approach"] != "brute_force":
        raise InputError(
            f"optimization_approach {settings['optimization_approach']!r} is not in CARLA: use 'brute_force'"
        )
    build(self, mlmodel, settings)


@repair(_MODEL)
def causal_recourse_adds_what_it_sets(module: ModuleType) -> bool:
    """CausalRecourse sets variables in its search, but answers with their sum and without effects: the search's row.

    Setting x_i to a value moves the variables that depend on it (Karimi et al. 2021, section 3); that row was tested,
    so that row is the answer. Where no set of actions is enough the row is left empty, not the factual's.
    """
    import numpy as np
    import pandas as pd

    from carla.recourse_methods.catalog.causal_recourse.sampler import Sampler

    method = module.CausalRecourse

    def get_counterfactuals(self: Any, factuals: Any) -> Any:
        order = list(self._mlmodel.feature_input_order)
        inputs = self._mlmodel.get_ordered_features(factuals)
        refuse_endless_grids(self.get_intervenable_nodes())
        rows = []
        for _, factual in inputs.iterrows():
            actions, _ = self.compute_optimal_action_set(
                factual, self._constraint_handle, self._sampler_handle
            )
            if not actions:
                rows.append(np.full(len(order), np.nan))
                continue
            moved = Sampler(self._scm).sample(1, factual, actions, self._sampler_handle)
            rows.append(moved[order].to_numpy(dtype=float)[0])
        values = np.array(rows).reshape(len(inputs), len(order))
        found = pd.DataFrame(values, columns=order, index=factuals.index)
        full = found.notna().all(axis=1).to_numpy()
        if full.any():  # a sampler that draws noise may give another row than the one that was tested
            label = np.zeros(len(found), dtype=int)
            label[full] = np.argmax(np.asarray(self._mlmodel.predict_proba(found[full])), axis=1)
            found[label != 1] = np.nan
        return found

    method.get_counterfactuals = wraps(method.get_counterfactuals)(get_counterfactuals)
    return True


def refuse_endless_grids(nodes: dict[str, Any]) -> None:
    """Brute force tries every combination of values: eleven a number, three a category."""
    sets = prod(
        [_VALUES_A_NUMBER] * len(nodes["continuous"]) + [_VALUES_A_CATEGORY] * len(nodes["categorical"])
    )
    if sets > _MOST_ACTION_SETS:
        raise InputError(
            f"CausalRecourse would try {sets:,} sets of actions for each person, and hold them in memory: make more "
            "features immutable, so that at most 5 numbers may be set"
        )
