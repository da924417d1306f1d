"""CARLA's Benchmark and its measures: each counterfactual is measured against its own factual."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from carla_genre.carla_compat import registry
from carla_genre.carla_compat.alignment import in_order_of
from carla_genre.carla_compat.registry import around, repair, repair_around


@repair("carla.evaluation.benchmark")
def benchmark_pairs_wrong_rows(module: ModuleType) -> bool:
    """Benchmark measures by label here and by position there: counterfactuals get the factuals' order and labels."""

    @around(module.Benchmark, "__init__")
    def __init__(build: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        build(self, *args, **kwargs)
        found = self._counterfactuals
        self._counterfactuals = in_order_of(self._factuals, found)
        if self._counterfactuals is not found:
            registry.record("benchmark_pairs_wrong_rows", module.__name__)

    return False  # recorded when rows were put in order


@repair("carla.evaluation.process_nans")
def empty_rows_are_dropped_by_label(module: ModuleType) -> bool:
    """`remove_nans` drops by label: KeyError, or the wrong factual, where labels differ or repeat. Now by row."""
    import inspect

    import pandas as pd

    parameters = list(inspect.signature(module.remove_nans).parameters)
    probe = pd.DataFrame({"x": [1.0, None, 3.0]}, index=["a", "a", "b"])
    if len(module.remove_nans(probe, probe)[0]) == 2:
        return False

    def full_rows(counterfactuals: pd.DataFrame, factuals: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        if factuals.shape[0] != counterfactuals.shape[0]:
            raise ValueError(
                f"there are {factuals.shape[0]} factuals and {counterfactuals.shape[0]} counterfactuals: "
                "as many are needed, with empty rows (NaN) where none was found"
            )
        full = counterfactuals.notna().all(axis=1).to_numpy()
        return counterfactuals.loc[full].copy(), factuals.loc[full].copy()

    if parameters[0] == "factuals":

        def remove_nans(factuals, counterfactuals):  # type: ignore[no-untyped-def]
            """The factuals that have a counterfactual, and the counterfactuals."""
            kept, their_factuals = full_rows(counterfactuals, factuals)
            return their_factuals, kept

    else:

        def remove_nans(counterfactuals, factuals=None):  # type: ignore[no-untyped-def,misc]
            """The counterfactuals that were found and, where given, their factuals."""
            if factuals is None:
                return full_rows(counterfactuals, counterfactuals)[0]
            return full_rows(counterfactuals, factuals)

    module.remove_nans = remove_nans  # type: ignore[attr-defined]
    return True


@repair_around("constraint_violation", "carla.evaluation.violations", "carla.evaluation.catalog.violations")
def violations_need_equal_labels(
    original: Any, data: Any, counterfactuals: Any, factuals: Any
) -> list[list[float]]:
    """`constraint_violation` compares frames by label, ValueError where labels differ: rows are compared in order."""
    return original(data, counterfactuals.reset_index(drop=True), factuals.reset_index(drop=True))


@repair_around("constraint_violation", "carla.evaluation.violations", "carla.evaluation.catalog.violations")
def violations_need_columns_nobody_has(
    original: Any, data: Any, counterfactuals: Any, factuals: Any
) -> list[list[float]]:
    """`constraint_violation` decodes columns that a forest, which sees numbers only, never had: KeyError.

    Features that the classifier does not see are the same in a factual and its counterfactual.
    """
    known = data.df
    absent = [c for c in known.columns if c != data.target and c not in counterfactuals.columns]
    same = {column: known[column].iloc[0] for column in absent if column not in factuals.columns}
    return original(data, counterfactuals.assign(**same), factuals.assign(**same))
