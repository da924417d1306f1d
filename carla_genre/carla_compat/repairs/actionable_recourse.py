"""The package `recourse` (1.0.0, of 2020), on which CARLA's ActionableRecourse stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from carla_genre.carla_compat import registry
from carla_genre.carla_compat.imports import ImportRequest, OverlayModule, answer_imports
from carla_genre.carla_compat.one_hot import groups_of
from carla_genre.carla_compat.registry import repair, repair_around
from carla_genre.carla_compat.stand_ins import StandInModule

_HIGHS = "highs"
_METHOD = "carla.recourse_methods.catalog.actionable_recourse.model"


@repair("recourse.flipset")
def flipset_appends_to_a_frame(module: ModuleType) -> bool:
    """`Flipset` calls `DataFrame.append` (gone in pandas 2.0): the same rows are joined with `concat`."""
    pandas = module.pd

    def _add_to_df(self: Any, items: list[dict[str, Any]]) -> None:
        if items:
            rows = pandas.DataFrame([self._item_to_df_row(item) for item in items], columns=self._df.columns)
            self._df = rows if self._df.empty else pandas.concat([self._df, rows], ignore_index=True)
            self.sort()

    module.Flipset._add_to_df = _add_to_df
    return True


@repair("recourse.defaults", "recourse.builder", when="before")
def recourse_needs_a_solver_of_its_choice(module: ModuleType) -> bool:
    """`recourse` cannot be imported without CPLEX or python-mip, which crashes today: it is let pass without both."""
    if module.__name__ == "recourse.builder":
        module.__dict__["DEFAULT_CPLEX_PARAMETERS"] = {}  # a class of CPLEX's is made of it, there or not

    def answer(request: ImportRequest, proceed: Callable[[], Any]) -> Any:
        registry.record("recourse_needs_a_solver_of_its_choice", request.module.__name__)
        if request.module.__name__ == "recourse.builder":
            raise ImportError("python-mip 1.12 is not used: it crashes the process")
        return ModuleType("mip")  # defaults only asks whether it is there

    answer_imports(module, "mip", answer)
    return False  # recorded when the module asks for it


@repair("recourse.defaults", "recourse.builder")
def recourse_solvers_are_limited(module: ModuleType) -> bool:
    """CPLEX's free edition stops at 1,000 variables, as on HELOC: SciPy's HiGHS solves the same programme instead."""
    if module.__name__ == "recourse.defaults":
        others = [name for name in module.SUPPORTED_SOLVERS if name != module._SOLVER_TYPE_PYTHON_MIP]
        module.DEFAULT_SOLVER, module.SUPPORTED_SOLVERS = _HIGHS, (_HIGHS, *others)  # type: ignore[attr-defined]
        return True
    from carla_genre.carla_compat.highs_solver import HighsBuilder

    solver = type("RecourseBuilderHighs", (HighsBuilder, module.RecourseBuilder), {})
    module.BUILDER_TO_SOLVER[_HIGHS] = solver
    return True


@repair_around("ActionableRecourse._get_lime_coefficients", _METHOD)
def lime_coefficients_are_of_scaled_columns(original: Any, self: Any, factuals: Any) -> tuple[Any, Any]:
    """LIME explains a probability by standardised columns, and AR takes it for a score of the raw ones: converted.

    LIME's local model is p(x) = b + sum_j a_j (x_j - mean_j) / std_j; recourse needs a score that is positive where
    p > .5, in x itself. With ``discretize`` the coefficients belong to "in the same bin as the factual", which is no
    function of x's value, and they stay as they are.
    """
    import numpy as np

    coefficients, intercepts = original(self, factuals)
    if self._discretize_continuous:
        return coefficients, intercepts
    rows = self._data.df[self._mlmodel.feature_input_order].to_numpy(dtype=float)
    spread = rows.std(axis=0)
    spread[spread == 0] = 1.0
    coefficients = np.asarray(coefficients) / spread
    return coefficients, np.asarray(intercepts) - coefficients @ rows.mean(axis=0) - 0.5


@repair(_METHOD)
def actions_are_listed_before_one_is_tried(module: ModuleType) -> bool:
    """AR solves `fs_size` programmes a person before it tries their actions: each is solved when its turn comes."""
    recourse = module.rs
    if isinstance(recourse, StandInModule):
        return False

    class LazyFlipset(recourse.Flipset):  # type: ignore[name-defined, misc]
        def populate(self, total_items: int = 10) -> Any:
            self._total = total_items
            self._builder = recourse.RecourseBuilder(
                action_set=self.action_set,
                x=self.x,
                coefficients=self._coefs,
                intercept=self._intercept,
                mip_cost_type="local",
                solver=self._solver,
                print_flag=False,
            )
            return self

        @property
        def actions(self) -> Iterator[Any]:
            for _ in range(self._total):
                found = self._builder.populate(total_items=1)
                if not found:
                    return
                yield found[0]["actions"]

    module.rs = OverlayModule(recourse, {"Flipset": LazyFlipset})  # type: ignore[attr-defined]
    return True


@repair_around("ActionableRecourse.__init__", _METHOD)
def actions_change_levels_apart(build: Any, self: Any, mlmodel: Any, *args: Any, **kwargs: Any) -> None:
    """AR moves each column of a larger category by itself: its action set gets the rule of one level a category."""
    build(self, mlmodel, *args, **kwargs)
    order = list(mlmodel.feature_input_order)
    for group in groups_of(mlmodel):
        if len(group) > 1:
            names = [order[position] for position in group]
            self.action_set.add_constraint("subset_limit", names=names, lb=1, ub=1)
