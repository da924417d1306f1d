"""Forests in the cache of classifiers that older versions of scikit-learn and xgboost pickled."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from carla_genre.carla_compat.imports import OverlayModule
from carla_genre.carla_compat.registry import repair, repair_around


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
