"""What CARLA's recourse methods have in common: the index, the check of a result, immutables, one-hot groups."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any

from carla_genre.carla_compat import registry
from carla_genre.carla_compat.alignment import with_index_of, wrap_answers
from carla_genre.carla_compat.imports import OverlayModule
from carla_genre.carla_compat.one_hot import columns_of, current_groups, groups_in_use, groups_of, make_valid
from carla_genre.carla_compat.registry import around, repair

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
    import inspect

    import numpy as np
    import pandas as pd

    signature = inspect.signature(module.check_counterfactuals)

    @around(module, "check_counterfactuals")
    def check_counterfactuals(original: Any, *args: Any, **kwargs: Any) -> pd.DataFrame:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        mlmodel, counterfactuals, *index, negative_label = bound.args  # the head asks for the factuals' index
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


@repair(f"{_PROCESSING}.immutables")
def immutables_match_parts_of_names(module: ModuleType) -> bool:
    """An immutable "age" also fixes "language_en": a feature's columns are those that begin with its name and "_"."""
    if module.encode_feature_names(["age"], ["language_en"]) != ["language_en"]:
        return False

    def encode_feature_names(imtbls: list[str], input_order: list[str]) -> list[str]:
        """Names of the encoded columns of some features."""
        found: dict[str, None] = {}
        for feature in imtbls:
            found.update(dict.fromkeys(columns_of(feature, input_order)))
        return list(found)

    module.encode_feature_names = encode_feature_names  # type: ignore[attr-defined]
    return True


@repair("carla.models.api.mlmodel")
def mutable_mask_expects_one_column_a_category(module: ModuleType) -> bool:
    """`get_mutable_mask` takes the wrong columns for a category of several: it looks a feature's columns up by name."""
    import numpy as np

    model: Any = getattr(module, "MLModel", None)
    if not hasattr(model, "get_mutable_mask"):
        return False
    names = ["a_x", "a_y", "b_x", "b_y"]
    data = SimpleNamespace(
        continuous=[],
        categorical=["a", "b"],
        immutables=["b"],
        encoder=SimpleNamespace(get_feature_names=lambda features: list(names)),
    )
    probe = SimpleNamespace(data=data, feature_input_order=names)
    if list(model.get_mutable_mask(probe)) == [True, True, False, False]:
        return False

    def get_mutable_mask(self: Any) -> np.ndarray:
        """Which columns of the input order may change.

        Returns
        -------
        mutable_mask : ndarray of bool, one a column
        """
        order = list(self.feature_input_order)
        features = [*self.data.categorical, *self.data.continuous] if self.data.immutables else []
        fixed = {c for feature in self.data.immutables for c in columns_of(feature, order, features)}
        return np.array([column not in fixed for column in order], dtype=bool)

    model.get_mutable_mask = get_mutable_mask
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
    import pandas as pd

    row = pd.DataFrame([[0.0]]).apply(lambda values: values.flags.writeable, axis=1, raw=True)
    torch = getattr(module, "torch", None)
    if bool(row.iloc[0]) or torch is None:
        return False

    def from_numpy(values: Any) -> Any:
        return torch.from_numpy(values if values.flags.writeable else values.copy())

    module.torch = OverlayModule(torch, {"from_numpy": from_numpy})  # type: ignore[attr-defined]
    return True


@repair(f"{_PROCESSING}.counterfactuals", "carla.recourse_methods.catalog.*")
def category_is_not_one_level(module: ModuleType) -> bool:
    """Searches leave a category of several columns with no level or with two: each gets its likeliest level.

    CARLA's `reconstruct_encoding_constraints` gets bare positions and takes each column for a feature (or each two
    columns), so the method that is answering makes known which columns belong together.
    """
    if module.__name__ == f"{_PROCESSING}.counterfactuals":
        return _reconstruct_by_group(module)
    return bool(wrap_answers(module, _with_groups))


def _reconstruct_by_group(module: ModuleType) -> bool:
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
