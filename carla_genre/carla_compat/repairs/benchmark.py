"""CARLA's Benchmark and its measures: each counterfactual is measured against its own factual."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from carla_genre.carla_compat import registry
from carla_genre.carla_compat.registry import around, repair, repair_around


@repair("carla.evaluation.benchmark")
def benchmark_pairs_wrong_rows(module: ModuleType) -> bool:
    """Benchmark measures by label here and by position there: counterfactuals get the factuals' order and labels."""
    from carla_genre.frames import matched

    @around(module.Benchmark, "__init__")
    def __init__(build: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        build(self, *args, **kwargs)
        found = self._counterfactuals
        self._counterfactuals = matched(found, self._factuals.index, type(self._recourse_method).__name__)
        if self._counterfactuals is not found:
            registry.record("benchmark_pairs_wrong_rows", module.__name__)

    return False  # recorded when rows were put in order


@repair("carla.evaluation.process_nans")
def empty_rows_are_dropped_by_label(module: ModuleType) -> bool:
    """`remove_nans` drops by label: KeyError, or the wrong factual, where labels differ or repeat. Now by row."""
    import inspect

    import pandas as pd

    probe = pd.DataFrame({"x": [1.0, None, 3.0]}, index=["a", "a", "b"])
    if len(module.remove_nans(probe, probe)[0]) == 2:
        return False
    signature = inspect.signature(module.remove_nans)  # the head has the factuals last, and does without them

    @around(module, "remove_nans")
    def remove_nans(original: Any, *args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        frames = [frame for frame in given.values() if frame is not None]
        counterfactuals = given["counterfactuals"]
        if len({len(frame) for frame in frames}) > 1:
            raise ValueError(
                f"there are {len(given['factuals'])} factuals and {len(counterfactuals)} counterfactuals: "
                "as many are needed, with empty rows (NaN) where none was found"
            )
        full = counterfactuals.notna().all(axis=1).to_numpy()
        kept = tuple(frame.loc[full].copy() for frame in frames)
        return kept if len(kept) > 1 else kept[0]

    return True


@repair_around("constraint_violation", "carla.evaluation.violations", "carla.evaluation.catalog.violations")
def violations_need_equal_labels(
    original: Any, data: Any, counterfactuals: Any, factuals: Any
) -> list[list[float]]:
    """`constraint_violation` compares frames by label, ValueError where labels differ: rows are compared in order."""
    counts: list[list[float]] = original(
        data, counterfactuals.reset_index(drop=True), factuals.reset_index(drop=True)
    )
    return counts


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
    counts: list[list[float]] = original(data, counterfactuals.assign(**same), factuals.assign(**same))
    return counts
