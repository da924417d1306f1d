"""pytest plugin that runs CARLA's own tests with carla_genre imported first, and records how each ended.

CARLA's tests use names of TensorFlow 1, of old numpy and of old scikit-learn themselves: what they import is answered
as for CARLA's own modules. Nothing else of them is changed.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from carla_genre.carla_compat import registry
from carla_genre.carla_compat import report as compat_report
from carla_genre.carla_compat.loader import RepairingLoader
from carla_genre.carla_compat.repairs.pipelining import one_hot_encoder_lacks_sparse

#: Where the record goes: a JSON file.
RECORD_VARIABLE = "CARLA_SUITE_RECORD"

_outcomes: dict[str, dict[str, Any]] = {}


class SuiteLoader(RepairingLoader):
    """Loads a test module whose imports are answered as those of CARLA's modules."""

    def exec_module(self, module: ModuleType) -> None:
        for repair in registry.repairs():
            if repair.when == "before" and "carla.*" in repair.modules and not registry.disabled(repair.name):
                repair.function(module)
        self._underlying.exec_module(module)
        if hasattr(module, "preprocessing") and not registry.disabled("one_hot_encoder_lacks_sparse"):
            one_hot_encoder_lacks_sparse(module)


class SuiteFinder:
    """Finds the test modules of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not (self.folder / f"{fullname}.py").is_file():
            return None
        for finder in sys.meta_path:
            spec = finder.find_spec(fullname, path, target) if finder is not self else None
            if spec is not None:
                spec.loader = SuiteLoader(spec.loader)  # type: ignore[assignment]
                return spec
        return None


def pytest_configure(config: pytest.Config) -> None:
    folder = Path(str(config.args[0])).resolve()
    sys.meta_path.insert(0, SuiteFinder(folder if folder.is_dir() else folder.parent))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    name = report.nodeid.rpartition("/")[2]
    entry = _outcomes.setdefault(name, {"outcome": "passed", "seconds": 0.0})
    entry["seconds"] = round(entry["seconds"] + report.duration, 2)
    if report.outcome != "passed":
        entry["outcome"] = report.outcome
        entry["reason"] = _reason(report)
    if report.when == "teardown":
        _write_record()


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.failed:
        _outcomes[report.nodeid.rpartition("/")[2]] = {"outcome": "not collected", "reason": _reason(report)}
        _write_record()


def _reason(report: Any) -> str:
    """The last line of what went wrong."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(report.longrepr)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return (lines[0] if crash is not None else lines[-1])[:300] if lines else "no message"


def _write_record() -> None:
    """Write what is known so far: after each test, so that a run that is cut off leaves its record."""
    path = os.environ.get(RECORD_VARIABLE)
    if path is None:
        return
    carla = find_spec("carla")
    record = {
        "carla": str(carla.origin) if carla is not None else None,
        "tests": dict(sorted(_outcomes.items())),
        "repairs": sorted(compat_report().applied),
    }
    Path(path).write_text(json.dumps(record, indent=1))
