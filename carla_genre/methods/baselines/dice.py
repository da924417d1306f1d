"""DiCE with what may vary and within which range: dice-ml's own search, told the constraints."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch

from carla_genre.errors import MissingDependencyError
from carla_genre.generator.randomness import row_keys
from carla_genre.methods.core.base import MethodOptions
from carla_genre.methods.core.random_state import global_random_state_kept, seed_global_random_state
from carla_genre.methods.core.telling import ToldMethod
from carla_genre.options import option

_LABEL = "label"
# Of a scaled number. dice-ml would count those of the mode, one for 0.0, and round to them; and where it counts more
# than single precision has, its binary search never ends.
_DECIMALS = 6
_NOBODY = "No counterfactuals found for any"


@dataclass(frozen=True)
class DiCEOptions(MethodOptions):
    n_samples: int = option(4, "Counterfactuals of a factual (total_CFs).", "[1, inf)")
    search: str = option(
        "random",
        'dice-ml\'s "random" draws, its "genetic" search from the nearest training rows, or "kdtree": the nearest '
        "training rows themselves.",
        ("random", "genetic", "kdtree"),
    )
    sample_size: int = option(1000, "Draws for each number of changed features (random).", "[1, inf)")
    generations: int = option(500, "Most generations (genetic).", "[1, inf)")


class DiCE(ToldMethod):
    """dice-ml's searches with ``features_to_vary`` and ``permitted_range`` from the constraints.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
        The classifier, of any backend; a black box.
    hyperparams : mapping, optional
        The options below.

    Raises
    ------
    MissingDependencyError
        dice-ml is not installed (the extra ``peers``).

    Notes
    -----
    Mothilal, Sharma and Tan, "Explaining machine learning classifiers through diverse counterfactual explanations"
    (2020), by the package dice-ml. It is asked about features, not about encoded columns, so that a category stays
    one. An immutable is left out of ``features_to_vary``; a range or a direction is each person's own
    ``permitted_range``. dice-ml rounds what it draws: what is then outside is put at the nearest end, and h is asked
    again. The answer is the cheapest that h accepts. Of "kdtree" few answers are left where much is immutable: dice-ml
    looks at ten rows for each counterfactual, whatever may vary. CARLA's ``Dice`` knows no constraints.
    """

    OPTIONS = DiCEOptions()

    def _prepare(self) -> None:
        try:
            import dice_ml
        except ImportError as error:
            raise MissingDependencyError(
                "DiCE-constrained needs dice-ml: pip install 'carla-genre[peers]' (or pip install 'dice-ml>=0.12')"
            ) from error
        rows = self.training_rows
        self._numbers = [name for name, is_level in self._kinds() if not is_level]
        frame = self._frame(rows.values).assign(**{_LABEL: rows.labels.astype(int)})
        self._data = dice_ml.Data(
            dataframe=frame,
            continuous_features=self._numbers,
            continuous_features_precision=dict.fromkeys(self._numbers, _DECIMALS),
            outcome_name=_LABEL,
        )

    def _kinds(self) -> list[tuple[str, bool]]:
        return list(zip(self.schema.names, self.schema.categorical, strict=True))

    def _frame(self, values: np.ndarray) -> pd.DataFrame:
        """Values (n, D) as dice-ml knows them: numbers, and the levels' numbers as text."""
        columns = zip(self._kinds(), values.T, strict=True)
        return pd.DataFrame(
            {
                name: column.astype(int).astype(str).astype(object) if is_level else column
                for (name, is_level), column in columns
            }
        )

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        """What dice-ml asks: (n, 2)."""
        accepted = self.scores(frame[list(self.schema.names)].to_numpy().astype(float))
        return np.stack([1 - accepted, accepted], axis=1)

    def _answer(self, values: np.ndarray) -> np.ndarray:
        import dice_ml

        model = dice_ml.Model(model=self, backend="sklearn")
        with global_random_state_kept():
            explainer = dice_ml.Dice(self._data, model, method=self.hyperparams["search"])
            return np.stack([self._one(explainer, factual) for factual in values])

    def _one(self, explainer: Any, factual: np.ndarray) -> np.ndarray:
        """The cheapest counterfactual of a factual (D,) that h accepts; NaN where there is none."""
        lower, upper = self.schema.bounds(factual)
        free = lower < upper
        nothing = np.full_like(factual, np.nan)
        if not free.any():
            return nothing
        names = np.array(self.schema.names)
        ends = zip(names, lower, upper, free & ~self.schema.categorical, strict=True)
        ranges = {name: [low, high] for name, low, high, is_free in ends if is_free}
        seed = int(row_keys(torch.from_numpy(factual[None]), self.hyperparams["seed"])) % 2**31
        seed_global_random_state(seed)
        found = self._searched(explainer, factual, [str(name) for name in names[free]], ranges, seed)
        if found is None or not len(found):
            return nothing
        candidates = self.schema.constrain(factual, found[list(names)].to_numpy().astype(float))
        cost = np.where(self.scores(candidates) > 0.5, self.schema.cost(factual, candidates), np.inf)
        return candidates[cost.argmin()] if np.isfinite(cost).any() else nothing

    def _searched(
        self, explainer: Any, factual: np.ndarray, names: list[str], ranges: dict[str, list[float]], seed: int
    ) -> pd.DataFrame | None:
        given, options = self.hyperparams, {"total_CFs": self.hyperparams["n_samples"]}
        if given["search"] == "random":
            options |= {"sample_size": given["sample_size"], "random_seed": seed}
        elif given["search"] == "genetic":
            options |= {"maxiterations": given["generations"]}
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                found = explainer.generate_counterfactuals(
                    self._frame(factual[None]),
                    desired_class=1,
                    features_to_vary=names,
                    permitted_range=ranges,
                    posthoc_sparsity_algorithm="binary",  # scaled numbers have too many steps for "linear"
                    **options,
                )
        except Exception as error:
            if _NOBODY not in str(error):
                raise
            return None
        example = found.cf_examples_list[0]
        sparse = example.final_cfs_df_sparse
        return example.final_cfs_df if sparse is None else sparse
