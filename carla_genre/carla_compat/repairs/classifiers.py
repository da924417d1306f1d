"""``MLModelCatalog`` on torch, scikit-learn and xgboost: training, and its cache of classifiers."""

from __future__ import annotations

import inspect
import os
import sys
from contextvars import ContextVar
from types import ModuleType
from typing import Any
from urllib.error import HTTPError

from carla_genre.carla_compat.imports import OverlayModule
from carla_genre.carla_compat.registry import around, bound, repair, repair_around
from carla_genre.carla_compat.repairs.data_catalogs import whole_file_or_none
from carla_genre.errors import InputError

_CATALOG = "carla.models.catalog.catalog"
_LOAD_MODEL = "carla.models.catalog.load_model"

_digest: ContextVar[str | None] = ContextVar("digest", default=None)


@repair(_CATALOG)
def cached_classifier_is_of_other_data(module: ModuleType) -> bool:
    """Classifiers are cached by data name, and every CsvCatalog is "custom": a digest of the rows joins the name."""
    from carla_genre.carla_compat.classifier_cache import training_digest

    @around(module.MLModelCatalog, "train")
    def train(original_train: Any, self: Any, *args: Any, **options: Any) -> Any:
        arguments = bound(original_train, self, *args, **options)
        if self.data.df_train[self.data.target].nunique() < 2:
            raise InputError(
                f"the training rows have one label only in the column {self.data.target!r}: a classifier needs two"
            )
        named = ("n_estimators", "max_depth") if self.model_type == "forest" else ()
        shape = {name: arguments[name] for name in named if name in arguments}
        token = _digest.set(training_digest(self, **shape))
        try:
            return original_train(**arguments)
        finally:
            _digest.reset(token)

    for name in ("load_trained_model", "save_model"):
        around(module, name)(_with_digest)
    return True


def _with_digest(original: Any, *args: Any, save_name: str, **options: Any) -> Any:
    digest = _digest.get()
    return original(*args, save_name=save_name if digest is None else f"{save_name}_{digest}", **options)


@repair_around("MLModelCatalog.__init__", _CATALOG)
def feature_order_is_not_str(original_init: Any, self: Any, *args: Any, **options: Any) -> None:
    """`feature_input_order` of a CsvCatalog's classifier holds `numpy.str_` (from `np.sort`): it becomes `str`."""
    original_init(self, *args, **options)
    self._feature_input_order = [str(name) for name in self._feature_input_order]


@repair(_LOAD_MODEL)
def torch_loads_weights_only(module: ModuleType) -> bool:
    """`torch.load` refuses whole modules by default (torch 2.6): CARLA's classes and torch's layers are let through.

    Nothing else is: a file in the cache of classifiers cannot run code when it is loaded.
    """
    torch = module.torch
    if not hasattr(torch, "serialization") or not hasattr(torch.serialization, "safe_globals"):
        return False  # before torch 2.5 a whole module is loaded without asking

    def load(file: Any, *args: Any, **options: Any) -> Any:
        with torch.serialization.safe_globals(_classifier_classes(torch)):
            return torch.load(file, *args, **{"weights_only": True, **options})

    module.torch = OverlayModule(torch, {"load": load})  # type: ignore[attr-defined]
    return True


def _classifier_classes(torch: ModuleType) -> list[Any]:
    from carla.models.catalog.ANN_TORCH import AnnModel
    from carla.models.catalog.Linear_TORCH import LinearModel

    layers = torch.nn.modules
    return [
        AnnModel,
        LinearModel,
        layers.activation.ReLU,
        layers.activation.Softmax,
        layers.container.ModuleList,
        layers.linear.Linear,
        set,
    ]


@repair(_LOAD_MODEL)
def failed_classifier_download_is_no_help(module: ModuleType) -> bool:
    """Without a network `load_online=True` ends in a URLError: the error names the file and where to put it."""
    around(module, "urlretrieve")(whole_file_or_none)

    @around(module, "urlretrieve")
    def urlretrieve(original_retrieve: Any, url: str, filename: str, *args: Any, **kws: Any) -> Any:
        try:
            return original_retrieve(url, filename, *args, **kws)
        except HTTPError:
            raise  # CARLA has an answer to that
        except OSError as failure:
            folder, file = os.path.split(filename)
            raise InputError(
                f"the classifier {file} is not in {folder} and cannot be downloaded ({failure}). Put it there, let "
                f"the environment variable CF_MODELS name a folder with {os.path.basename(folder)}/{file}, or "
                f"train one: MLModelCatalog(..., load_online=False) and train(...)"
            ) from failure

    return True


@repair("carla.models.catalog.train_model")
def xgboost_fit_takes_no_eval_metric(module: ModuleType) -> bool:
    """`XGBClassifier.fit(eval_metric=)` is gone (xgboost 2.1): it is passed on as the classifier's own parameter."""
    xgboost: Any = sys.modules.get("xgboost")
    if xgboost is None or "eval_metric" in inspect.signature(xgboost.XGBClassifier.fit).parameters:
        return False

    class ClassifierToFit(xgboost.XGBClassifier):  # type: ignore[misc]
        """Becomes a plain XGBClassifier when it is fitted, so that it can be pickled and read anywhere."""

        def fit(self, *args: Any, eval_metric: Any = None, **options: Any) -> Any:
            self.__class__ = xgboost.XGBClassifier
            if eval_metric is not None:
                self.set_params(eval_metric=eval_metric)
            return self.fit(*args, **options)

    module.xgboost = OverlayModule(xgboost, {"XGBClassifier": ClassifierToFit})  # type: ignore[attr-defined]
    return True


@repair("carla.models.catalog.ANN_TORCH.model_ann", "carla.models.catalog.Linear_TORCH.model_linear")
def softmax_has_no_dimension(module: ModuleType) -> bool:
    """`nn.Softmax()` without a dimension is deprecated and warns: it is the last one, which is what torch guesses."""
    classes = [getattr(module, name) for name in ("AnnModel", "LinearModel") if hasattr(module, name)]
    for model in classes:
        around(model, "forward")(_with_softmax_dimension)
    return bool(classes)


def _with_softmax_dimension(forward: Any, self: Any, *args: Any, **options: Any) -> Any:
    if getattr(self.softmax, "dim", -1) is None:  # published classifiers are pickled without one
        self.softmax.dim = -1
    return forward(self, *args, **options)


@repair_around("MLModelCatalog.predict_proba", _CATALOG)
def torch_dislikes_frame_values(original: Any, self: Any, x: Any) -> Any:
    """`predict_proba` hands torch `df.values`: objects raise, read-only ones (pandas 3) warn. Now a copy in floats."""
    import pandas as pd
    import torch

    if self._backend != "pytorch" or not isinstance(x, pd.DataFrame):
        return original(self, x)
    values = self.get_ordered_features(x).to_numpy(dtype="float32", copy=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    self._model = self._model.to(device)
    with torch.no_grad():
        return self._model(torch.from_numpy(values).to(device)).cpu().numpy()


@repair_around("DataFrameDataset.__init__", "carla.models.catalog.train_model")
def reversed_rows_have_negative_strides(original: Any, self: Any, x: Any, y: Any) -> None:
    """Torch refuses pandas' view of training rows in reverse, as a split of few rows may be: it is given a copy."""
    original(self, x.copy(), y.copy())


@repair("carla.models.catalog.load_model")
def old_forests_do_not_unpickle(module: ModuleType) -> bool:
    """Forests pickled by scikit-learn before 1.3 or xgboost before 2 (CARLA's published ones): they are converted."""
    from carla_genre.carla_compat import old_forests

    module.joblib = OverlayModule(module.joblib, {"load": old_forests.load})  # type: ignore[attr-defined]
    return True


@repair_around("MLModelCatalog.__init__", "carla.models.catalog.catalog")
def published_forest_has_another_order(original_init: Any, self: Any, *args: Any, **options: Any) -> None:
    """CARLA's catalog lists Adult's features in another order than its xgboost forest: the forest's own order holds."""
    original_init(self, *args, **options)
    model: Any = getattr(self, "_model", None)
    if self.backend != "xgboost" or not hasattr(model, "get_booster"):
        return
    own = model.get_booster().feature_names
    if own and sorted(own) == sorted(self._feature_input_order):
        self._feature_input_order = list(own)
