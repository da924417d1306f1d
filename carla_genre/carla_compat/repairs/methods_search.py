"""Defects of single methods that search: Wachter, GrowingSpheres, FACE."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from types import ModuleType
from typing import TYPE_CHECKING, Any

from carla_genre.carla_compat.imports import View
from carla_genre.carla_compat.one_hot import Groups, current_groups, one_level_each
from carla_genre.carla_compat.registry import around, bound, repair, repair_around

if TYPE_CHECKING:
    import numpy as np

_CATALOG = "carla.recourse_methods.catalog"
_SPHERES = f"{_CATALOG}.growing_spheres.library.gs_counterfactuals"
_FACE = f"{_CATALOG}.face.library.face_method"


@repair(f"{_CATALOG}.wachter.library.wachter")
def wachter_indexes_with_a_float(module: ModuleType) -> bool:
    """Wachter's default loss "BCE" takes the target class out of a float tensor and indexes with it: IndexError."""
    if "round" in module.wachter_recourse.__code__.co_names:  # the repository's head rounds the class itself
        return False

    @around(module, "wachter_recourse")
    def wachter_recourse(original: Any, torch_model: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return original(lambda x: _Probabilities(torch_model(x), {}), *args, **kwargs)

    return True


class _Probabilities(View):
    """A tensor that can be indexed with a class given as a float tensor."""

    def __getitem__(self, key: Any) -> Any:
        rows, level = key
        return self.__wrapped__[rows, round(float(level))]


class _SearchExhausted(Exception):
    """The search has used up its iterations."""


@repair_around("growing_spheres_search", _SPHERES)
def growing_spheres_never_gives_up(original, instance, *args, **kwargs):  # type: ignore[no-untyped-def]
    """GrowingSpheres ignores `max_iter` and hangs where no counterfactual is found: the row is left empty then."""
    import numpy as np

    arguments = bound(original, instance, *args, **kwargs)
    model, asked = arguments["model"], count()

    def predict_proba(x: np.ndarray) -> Any:
        if next(asked) > arguments["max_iter"]:  # never in the repository's head
            raise _SearchExhausted
        return model.predict_proba(x)

    try:
        return original(**{**arguments, "model": View(model, {"predict_proba": predict_proba})})
    except _SearchExhausted:
        return np.full(len(instance), np.nan)


@repair_around("growing_spheres_search", _SPHERES)
def growing_spheres_draws_columns_apart(original, instance, *args, **kwargs):  # type: ignore[no-untyped-def]
    """GrowingSpheres draws each column of a category by itself, so that none or several are 1: one level is kept."""
    import numpy as np

    groups: Groups = [group for group in current_groups() or [] if len(group) > 1]
    if not groups:
        return original(instance, *args, **kwargs)
    factual = instance.to_numpy(dtype=float)
    preference = np.random.permutation(len(factual)) + 1.0

    def adapt(x: np.ndarray) -> np.ndarray:
        return one_level_each(x, factual, groups, preference)

    arguments = bound(original, instance, *args, **kwargs)
    model = arguments["model"]
    adapted = View(model, {"predict_proba": lambda x: model.predict_proba(adapt(x))})
    found = np.asarray(original(**{**arguments, "model": adapted}), dtype=float)
    return found if np.isnan(found).any() else adapt(found[None, :])[0]


class _InOrder(list):  # type: ignore[type-arg]
    """What the module takes for ``set``: of its operations only the difference is used, and the order is kept."""

    def __sub__(self, other: Any) -> _InOrder:
        return _InOrder(key for key in self if key not in other)


@repair(_SPHERES)
def growing_spheres_depends_on_hash_seed(module: ModuleType) -> bool:
    """GrowingSpheres gives its random draws to columns in a set's order, another in each process: order is kept."""
    import inspect

    search = inspect.unwrap(module.growing_spheres_search)
    if "set" not in search.__code__.co_names:
        return False
    module.set = _InOrder  # type: ignore[attr-defined]
    return True


@repair_around("graph_search", _FACE)
def face_starts_from_another_row(original, data, index, *args, **kwargs):  # type: ignore[no-untyped-def]
    """FACE draws a subset and then looks its factual up at the old position, which is another row: it is put first."""
    import pandas as pd

    others = [position for position in range(len(data)) if position != index]
    first = pd.concat([data.iloc[[index]], data.iloc[others]], ignore_index=True)
    return original(first, 0, *args, **kwargs)


@repair_around("build_constraints", _FACE)
def face_links_only_ones(original, data, i, keys_immutable, *args, **kwargs):  # type: ignore[no-untyped-def]
    """FACE links only rows whose last immutable is 1, so that nobody else has a path: those that share its value."""
    values = data[keys_immutable[i]].to_numpy()
    same = (values[:, None] == values).astype(float)
    return same, same.copy()  # the second one is written to


@repair_around("shortest_path", _FACE)
def face_answers_what_it_cannot_reach(original, *args, **kwargs):  # type: ignore[no-untyped-def]
    """FACE takes all rows for the nearest ones where no path leads to any: the factual has no answer then."""
    distances, nearest = original(*args, **kwargs)
    return distances, nearest if nearest < float("inf") else float("nan")


@repair(_FACE)
def face_needs_an_immutable(module: ModuleType) -> bool:
    """FACE fails where no feature is immutable (CARLA's issue 202): its graph is then left without a constraint."""
    import numpy as np

    nothing_fixed = object()

    @around(module, "graph_search")
    def graph_search(search, data, index, keys_immutable, *args, **kwargs):  # type: ignore[no-untyped-def]
        keys = keys_immutable if len(keys_immutable) else [nothing_fixed]
        return search(data, index, keys, *args, **kwargs)

    @around(module, "build_constraints")
    def build_constraints(build, data, i, keys_immutable, *args, **kwargs):  # type: ignore[no-untyped-def]
        if keys_immutable[i] is nothing_fixed:
            return np.ones((len(data), len(data))), np.ones((len(data), len(data)))
        return build(data, i, keys_immutable, *args, **kwargs)

    return True


@repair(_FACE)
def face_needs_many_rows(module: ModuleType) -> bool:
    """FACE draws more rows, or links each to more, than there are in small data: to as many as there are."""

    @around(module, "choose_random_subset")
    def choose_random_subset(choose, data, frac, index):  # type: ignore[no-untyped-def]
        one, all_others = 1 / len(data), 1 - 1 / len(data)
        return choose(data, min(max(frac, one), all_others), index)

    @around(module, "build_graph")
    def build_graph(build, data, constraint, other_constraint, is_knn, n):  # type: ignore[no-untyped-def]
        others = len(data) - 1
        linked = is_knn and others > 0
        return build(data, constraint, other_constraint, linked, min(n, others) if is_knn else n)

    return True
