"""What importing CARLA does to the process's logging."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from carla_genre.carla_compat import registry
from carla_genre.carla_compat.imports import ImportRequest, OverlayModule, answer_imports
from carla_genre.carla_compat.registry import repair


@repair("carla", when="before")
def importing_carla_silences_loggers(module: ModuleType) -> bool:
    """`import carla` configures logging so that every logger made before it is disabled: they are left as they are."""

    def answer(request: ImportRequest, proceed: Callable[[], Any]) -> Any:
        logging = proceed()
        if request.name != "logging.config":
            return logging

        def dict_config(config: dict[str, Any]) -> None:
            if config.get("disable_existing_loggers", True):
                registry.record("importing_carla_silences_loggers", request.module.__name__)
            logging.config.dictConfig({**config, "disable_existing_loggers": False})

        configured = OverlayModule(logging.config, {"dictConfig": dict_config})
        return configured if request.fromlist else OverlayModule(logging, {"config": configured})

    answer_imports(module, "logging", answer)
    return False  # recorded when carla configures logging
