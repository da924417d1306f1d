"""What CARLA's recourse methods share: hyperparameters, index, check of a result, immutables, one-hot groups."""

from __future__ import annotations

import warnings
from types import ModuleType
from typing import Any

from carla_genre.carla_compat import registry
from carla_genre.carla_compat.alignment import with_index_of, wrap_answers
from carla_genre.carla_compat.imports import OverlayModule
from carla_genre.carla_compat.one_hot import columns_of, current_groups, groups_in_use, groups_of, make_valid
from carla_genre.carla_compat.registry import around, bound, repair, repair_around
from carla_genre.suggestions import suggestion

_PROCESSING = "carla.recourse_methods.processing"


@repair("carla.recourse_methods.catalog.*")
def counterfactuals_are_numbered_from_zero(module: ModuleType) -> bool:
    """Most methods return rows 0..n-1 whatever the factuals' index is: the factuals' labels are put back."""

    def keep_index(answer: Any, self: Any, factuals: Any) -> Any:
        found = answer(self, factuals)
        labelled = with_index_of(factuals, found)
        if labelled is not found:
            registry.record("counterfactuals_are_numbered_from_zero", module.__name__)
        return labelled

    wrap_answers(module, keep_index)
    return False  # recorded when a method has lost an index


@repair(f"{_PROCESSING}.counterfactuals")
def rows_without_answer_reach_classifier(module: ModuleType) -> bool:
    """`check_counterfactuals` hands the classifier rows of NaN, and fails on no row: only full rows are predicted."""
    import numpy as np
    import pandas as pd

    @around(module, "check_counterfactuals")
    def check_counterfactuals(original: Any, *args: Any, **kwargs: Any) -> pd.DataFrame:
        # the head asks for the factuals' index
        mlmodel, counterfactuals, *index, negative_label = bound(original, *args, **kwargs).values()
        order = list(mlmodel.feature_input_order)
        if isinstance(counterfactuals, list):
            values = np.array(counterfactuals, dtype=float).reshape(len(counterfactuals), len(order))
            frame = pd.DataFrame(values, columns=order, index=index[0].copy() if index else None)
        else:
            frame = counterfactuals.copy()
        inputs = mlmodel.get_ordered_features(frame)
        full = inputs.notna().all(axis=1).to_numpy()
        label = np.full(len(frame), float(negative_label))
        if full.any():
            label[full] = np.argmax(np.asarray(mlmodel.predict_proba(inputs[full])), axis=1)
        frame[mlmodel.data.target] = label
        frame.loc[label == negative_label, :] = np.nan
        return frame

    return True


@repair_around("encode_feature_names", f"{_PROCESSING}.immutables")
def immutables_match_parts_of_names(original: Any, features: list[str], input_order: list[str]) -> list[str]:
    """An immutable "age" also fixes "language_en": a feature's columns are those that begin with its name and "_"."""
    return list(dict.fromkeys(column for feature in features for column in columns_of(feature, input_order)))


@repair("carla.models.api.mlmodel")
def mutable_mask_expects_one_column_a_category(module: ModuleType) -> bool:
    """`get_mutable_mask` takes the wrong columns for a category of several: it looks a feature's columns up by name."""
    import numpy as np

    if not hasattr(module.MLModel, "get_mutable_mask"):  # the release has none
        return False

    @around(module.MLModel, "get_mutable_mask")
    def get_mutable_mask(original: Any, self: Any) -> np.ndarray:
        order = list(self.feature_input_order)
        features = [*self.data.categorical, *self.data.continuous] if self.data.immutables else []
        fixed = {c for feature in self.data.immutables for c in columns_of(feature, order, features)}
        return np.array([column not in fixed for column in order], dtype=bool)

    return True


@repair("carla.recourse_methods.catalog.crud.model")
def crud_needs_the_label(module: ModuleType) -> bool:
    """CRUD fails on factuals without the target column: where it is absent, the predicted label stands in."""
    import numpy as np

    def with_label(answer: Any, self: Any, factuals: Any) -> Any:
        target = self._mlmodel.data.target
        if target not in factuals.columns:
            inputs = self._mlmodel.get_ordered_features(factuals)
            label = np.argmax(np.asarray(self._mlmodel.predict_proba(inputs)), axis=1)
            factuals = factuals.assign(**{target: label})
        return answer(self, factuals)

    return bool(wrap_answers(module, with_label))


@repair(
    "carla.recourse_methods.catalog.cchvae.model",
    "carla.recourse_methods.catalog.crud.library.crud",
    "carla.recourse_methods.catalog.roar.library.roar",
    "carla.recourse_methods.catalog.wachter.library.wachter",
)
def rows_to_explain_are_read_only(module: ModuleType) -> bool:
    """`apply` hands out rows that cannot be written to (pandas 3), of which torch warns: it is given a copy."""
    torch = getattr(module, "torch", None)
    if torch is None:
        return False

    def from_numpy(values: Any) -> Any:
        usable = values.flags.writeable and min(values.strides, default=0) >= 0
        return torch.from_numpy(values if usable else values.copy())

    module.torch = OverlayModule(torch, {"from_numpy": from_numpy})  # type: ignore[attr-defined]
    return True


@repair(f"{_PROCESSING}.counterfactuals", "carla.recourse_methods.catalog.*")
def category_is_not_one_level(module: ModuleType) -> bool:
    """Searches leave a category of several columns with no level or with two: each gets its likeliest level.

    CARLA's `reconstruct_encoding_constraints` gets bare positions and takes each column for a feature (or each two
    columns), so the method that is answering makes known which columns belong together.
    """
    if module.__name__ != f"{_PROCESSING}.counterfactuals":
        return bool(wrap_answers(module, _with_groups))

    @around(module, "reconstruct_encoding_constraints")
    def reconstruct_encoding_constraints(original, x, feature_pos, binary_cat):  # type: ignore[no-untyped-def]
        groups = current_groups()
        if groups is None or sorted(feature_pos) != sorted(p for group in groups for p in group):
            return original(x, feature_pos, binary_cat)
        return make_valid(x, groups)

    return True


def _with_groups(answer: Any, self: Any, factuals: Any) -> Any:
    mlmodel = getattr(self, "_mlmodel", None)
    if mlmodel is None:
        return answer(self, factuals)
    with groups_in_use(groups_of(mlmodel)):
        return answer(self, factuals)


@repair_around("merge_default_parameters", f"{_PROCESSING}.counterfactuals")
def merging_defaults_shares_and_drops(
    merge: Any, hyperparams: dict[str, Any] | None, default: dict[str, Any]
) -> dict[str, Any]:
    """`merge_default_parameters` changes the caller's dict, hands out the class's own and drops unknown keys silently.

    It works on copies now. An unknown key is named in a warning, with the nearest known one; it is no error, because
    existing scripts pass such keys.
    """
    given = _copied({} if hyperparams is None else hyperparams)
    for key, known in _unknown_keys(given, default):
        hint = suggestion(key, sorted(known))
        warnings.warn(f"unknown hyperparameter {key!r} is ignored: {hint}", UserWarning, stacklevel=3)
    merged: dict[str, Any] = merge(given, _copied(default))
    return merged


def _copied(value: Any) -> Any:
    """Dicts and lists anew, what they hold as it is: a model or a tensor in them is not copied."""
    if isinstance(value, dict):
        return {key: _copied(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_copied(part) for part in value]
    return value


def _unknown_keys(given: dict[str, Any], default: dict[str, Any]) -> list[tuple[str, list[str]]]:
    unknown = [(str(key), [str(name) for name in default]) for key in given if key not in default]
    for key, part in default.items():
        if isinstance(part, dict) and isinstance(given.get(key), dict):
            unknown += _unknown_keys(given[key], part)
    return unknown
