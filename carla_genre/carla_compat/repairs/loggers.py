"""What importing CARLA does to the process's logging."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from carla_genre.carla_compat import registry
from carla_genre.carla_compat.imports import ImportRequest, OverlayModule
from carla_genre.carla_compat.registry import repair_imports


@repair_imports("logging", "carla")
def importing_carla_sets_up_logging(request: ImportRequest, proceed: Callable[[], Any]) -> Any:
    """`import carla` replaces the root logger's handlers, closes and disables others: only its own logger is set up.

    Its messages go to the standard output, as CARLA has it, while the root logger has no handler.
    """
    logging = proceed()
    root = logging.getLogger()

    def set_up(config: dict[str, Any]) -> None:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter(config["formatters"]["simple"]["format"]))
        handler.addFilter(lambda message: not root.handlers)
        own = logging.getLogger(request.module.__name__)
        own.setLevel(config["root"]["level"])
        own.addHandler(handler)

    registry.record("importing_carla_sets_up_logging", request.module.__name__)
    return OverlayModule(logging, {"config": SimpleNamespace(dictConfig=set_up)})
