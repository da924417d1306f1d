"""Defects of single methods that search: Wachter, GrowingSpheres, FACE."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from carla_genre.carla_compat.one_hot import Groups, current_groups, one_level_each
from carla_genre.carla_compat.registry import around, repair, repair_around

if TYPE_CHECKING:
    import numpy as np

_CATALOG = "carla.recourse_methods.catalog"


@repair(f"{_CATALOG}.wachter.library.wachter")
def wachter_indexes_with_a_float(module: ModuleType) -> bool:
    """Wachter's default loss "BCE" takes the target class out of a float tensor and indexes with it: IndexError."""
    if "round" in module.wachter_recourse.__code__.co_names:  # the repository's head rounds the class itself
        return False

    @around(module, "wachter_recourse")
    def wachter_recourse(original: Any, torch_model: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return original(lambda x: _Probabilities(torch_model(x)), *args, **kwargs)

    return True


class _Probabilities:
    """A tensor that can be indexed with a class given as a float tensor; all else goes to the tensor."""

    def __init__(self, tensor: Any) -> None:
        self._tensor = tensor

    def __getitem__(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        whole = tuple(
            int(part.round()) if hasattr(part, "is_floating_point") and part.is_floating_point() else part
            for part in parts
        )
        return self._tensor[whole]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tensor, name)


class _SearchExhausted(Exception):
    """The search has used up its iterations."""


class _WatchedModel:
    """A classifier that sees only valid candidates and ends a search that goes on for too long."""

    def __init__(self, model: Any, limit: int, adapt: Callable[[np.ndarray], np.ndarray]) -> None:
        self._model = model
        self._left = limit
        self._adapt = adapt

    def predict_proba(self, x: np.ndarray) -> Any:
        if self._left <= 0:
            raise _SearchExhausted
        self._left -= 1
        return self._model.predict_proba(self._adapt(x))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)


def _searches_without_end(search: Callable[..., Any]) -> bool:
    """Whether GrowingSpheres goes on beyond `max_iter` with a classifier that never changes its mind."""
    import numpy as np
    import pandas as pd

    class Stubborn:
        calls = 0

        def predict_proba(self, x: np.ndarray) -> np.ndarray:
            self.calls += 1
            if self.calls > 4:
                raise _SearchExhausted
            return np.tile([1.0, 0.0], (len(x), 1))

    state = np.random.get_state()
    try:
        factual = pd.Series({"a": 0.0})
        search(factual, ["a"], [], ["a"], [], ["a"], Stubborn(), n_search_samples=2, max_iter=1)
    except _SearchExhausted:
        return True
    finally:
        np.random.set_state(state)
    return False


@repair(f"{_CATALOG}.growing_spheres.library.gs_counterfactuals")
def growing_spheres_never_gives_up(module: ModuleType) -> bool:
    """GrowingSpheres ignores `max_iter` and hangs where no counterfactual is found: the row is left empty then."""
    import numpy as np

    if not _searches_without_end(module.growing_spheres_search):
        return False

    @around(module, "growing_spheres_search")
    def growing_spheres_search(original, instance, *args, **kwargs):  # type: ignore[no-untyped-def]
        bound = _bound(original, instance, *args, **kwargs)
        bound["model"] = _WatchedModel(bound["model"], bound["max_iter"] + 1, lambda x: x)
        try:
            return original(**bound)
        except _SearchExhausted:
            return np.full(len(instance), np.nan)

    return True


@repair_around("growing_spheres_search", f"{_CATALOG}.growing_spheres.library.gs_counterfactuals")
def growing_spheres_draws_columns_apart(original, instance, *args, **kwargs):  # type: ignore[no-untyped-def]
    """GrowingSpheres draws each column of a category by itself, so that none or several are 1: one level is kept."""
    import sys

    import numpy as np

    groups: Groups = [group for group in current_groups() or [] if len(group) > 1]
    if not groups:
        return original(instance, *args, **kwargs)
    factual = instance.to_numpy(dtype=float)
    preference = np.random.permutation(len(factual)) + 1.0

    def adapt(x: np.ndarray) -> np.ndarray:
        return one_level_each(x, factual, groups, preference)

    bound = _bound(original, instance, *args, **kwargs)
    bound["model"] = _WatchedModel(bound["model"], sys.maxsize, adapt)
    found = np.asarray(original(**bound), dtype=float)
    return found if np.isnan(found).any() else adapt(found[None, :])[0]


def _bound(function: Callable[..., Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
    """All arguments of a call by name, defaults included."""
    import inspect

    arguments = inspect.signature(function).bind(*args, **kwargs)
    arguments.apply_defaults()
    return dict(arguments.arguments)


class _InOrder(list):  # type: ignore[type-arg]
    """What the module takes for ``set``: of its operations only the difference is used, and the order is kept."""

    def __sub__(self, other: Any) -> _InOrder:
        return _InOrder(key for key in self if key not in other)


@repair(f"{_CATALOG}.growing_spheres.library.gs_counterfactuals")
def growing_spheres_depends_on_hash_seed(module: ModuleType) -> bool:
    """GrowingSpheres gives its random draws to columns in a set's order, another in each process: order is kept."""
    import inspect

    search = inspect.unwrap(module.growing_spheres_search)
    if "set" not in search.__code__.co_names:
        return False
    module.set = _InOrder  # type: ignore[attr-defined]
    return True


@repair_around("graph_search", f"{_CATALOG}.face.library.face_method")
def face_starts_from_another_row(original, data, index, *args, **kwargs):  # type: ignore[no-untyped-def]
    """FACE draws a subset and then looks its factual up at the old position, which is another row: it is put first."""
    import pandas as pd

    others = [position for position in range(len(data)) if position != index]
    first = pd.concat([data.iloc[[index]], data.iloc[others]], ignore_index=True)
    return original(first, 0, *args, **kwargs)


@repair(f"{_CATALOG}.face.library.face_method")
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


@repair(f"{_CATALOG}.face.library.face_method")
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
