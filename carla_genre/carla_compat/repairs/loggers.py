"""What importing CARLA does to the process's logging."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from carla_genre.carla_compat import registry
from carla_genre.carla_compat.imports import ImportRequest, OverlayModule
from carla_genre.carla_compat.registry import repair_imports


@repair_imports("logging", "carla")
def importing_carla_silences_loggers(request: ImportRequest, proceed: Callable[[], Any]) -> Any:
    """`import carla` configures logging so that every logger made before it is disabled: they are left as they are."""
    logging = proceed()
    if request.name != "logging.config":
        return logging

    def dict_config(config: dict[str, Any]) -> None:
        if config.get("disable_existing_loggers", True):
            registry.record("importing_carla_silences_loggers", request.module.__name__)
        logging.config.dictConfig({**config, "disable_existing_loggers": False})

    configured = OverlayModule(logging.config, {"dictConfig": dict_config})
    return configured if request.fromlist else OverlayModule(logging, {"config": configured})
