"""Defects of CARLA's Dice with a current dice-ml and pandas."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from carla_genre.carla_compat import registry
from carla_genre.carla_compat.imports import View
from carla_genre.carla_compat.one_hot import groups_of, one_level_each
from carla_genre.carla_compat.registry import around, repair, repair_around

if TYPE_CHECKING:
    import pandas as pd

_DICE = "carla.recourse_methods.catalog.dice.model"


@repair(_DICE)
def dice_writes_text_into_numbers(module: ModuleType) -> bool:
    """dice-ml samples categories as text, `"0.0"`: the explainer that CARLA builds samples numbers.

    pandas 3 refuses text in a column of numbers; pandas 2 hands the classifier an array of objects.
    """

    @around(module.Dice, "__init__")
    def __init__(build: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        build(self, *args, **kwargs)
        explainer = self._dice
        sample = getattr(explainer, "get_samples", None)
        if sample is None:
            return

        def get_samples(*sample_args: Any, **sample_kwargs: Any) -> pd.DataFrame:
            samples = sample(*sample_args, **sample_kwargs)
            if any(kind not in "fiub" for kind in (getattr(t, "kind", "O") for t in samples.dtypes)):
                registry.record("dice_writes_text_into_numbers", module.__name__)
                samples = samples.astype(float)
            return samples

        explainer.get_samples = get_samples  # of this one object; dice_ml stays as it is

    return False  # recorded when text was sampled


@repair(_DICE)
def dice_loses_rows_without_answer(module: ModuleType) -> bool:
    """Dice drops a factual that has no counterfactual, and raises where none has one: such a row is left empty."""
    import numpy as np
    import pandas as pd

    def explain(self: Any, queries: pd.DataFrame) -> list[pd.DataFrame | None]:
        try:
            found = self._dice.generate_counterfactuals(
                queries,
                total_CFs=self._num,
                desired_class=self._desired_class,
                posthoc_sparsity_param=self._post_hoc_sparsity_param,
            )
        except Exception as error:
            if "No counterfactuals found for any" not in str(error):
                raise
            return [None] * len(queries)
        return [example.final_cfs_df for example in found.cf_examples_list]

    def get_counterfactuals(self: Any, factuals: pd.DataFrame) -> pd.DataFrame:
        """Counterfactuals of dice-ml's random search, `num` rows a factual in the factuals' order."""
        queries = self._mlmodel.get_ordered_features(factuals)
        if not len(queries):
            raise ValueError("Factuals should not be empty")
        answers = np.full((len(queries), self._num, queries.shape[1]), np.nan)
        groups, own = groups_of(self._mlmodel), queries.to_numpy(dtype=float)
        for answer, frame, factual in zip(answers, explain(self, queries), own, strict=True):
            if frame is not None and len(frame):
                rows = self._mlmodel.get_ordered_features(frame).to_numpy(dtype=float)
                # columns of one category are drawn apart: of the levels that are drawn, a new one
                answer[: len(frame)] = one_level_each(rows, factual, groups, np.where(factual == 0, 2.0, 1.0))
        frame = pd.DataFrame(
            answers.reshape(-1, queries.shape[1]),
            columns=list(queries.columns),
            index=queries.index.repeat(self._num),
        )
        checked = _checked(module.check_counterfactuals, self._mlmodel, frame)
        return self._mlmodel.get_ordered_features(checked)

    module.Dice.get_counterfactuals = get_counterfactuals
    return True


@repair_around("Dice.__init__", _DICE)
def dice_asks_for_columns_the_classifier_lacks(
    build: Any, self: Any, mlmodel: Any, *args: Any, **kwargs: Any
) -> None:
    """Dice is built on every column of the data, and misses those that a forest does not see: it gets the others."""
    seen = [*mlmodel.feature_input_order, mlmodel.data.target]
    everything = set(mlmodel.data.df.columns) <= set(seen)
    data = mlmodel.data
    numbers = [feature for feature in data.continuous if feature in seen]
    inputs_only = View(mlmodel, {"data": View(data, {"df": data.df[seen], "continuous": numbers})})
    build(self, mlmodel if everything else inputs_only, *args, **kwargs)


def _checked(check: Any, mlmodel: Any, frame: pd.DataFrame) -> pd.DataFrame:
    """CARLA's check, in the signature of the release and in that of the repository's head."""
    import inspect

    if "factuals_index" in inspect.signature(check).parameters:
        return check(mlmodel, frame, frame.index)
    return check(mlmodel, frame)
