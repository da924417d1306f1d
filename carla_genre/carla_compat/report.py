"""What was repaired, for bug reports."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

from carla_genre.carla_compat import registry


@dataclass(frozen=True)
class Report:
    """Which CARLA is in use and what had to be repaired in it; print it into a bug report.

    Attributes
    ----------
    version : str or None
        What CARLA calls itself; None where it is not imported.
    api : str or None
        "pypi" for the release of 2022, "head" for the repository's later code: both call themselves 0.0.5.
    path : str or None
        Where it lies.
    repaired_from_start : bool
        False where carla was imported, successfully, before carla_genre: then it is left as it is.
    applied : dict of str to list of str
        Names of the repairs that were needed, each with the modules that it changed.
    disabled : list of str
        Repairs that the environment switches off.
    """

    version: str | None
    api: str | None
    path: str | None
    repaired_from_start: bool
    applied: dict[str, list[str]] = field(default_factory=dict)
    disabled: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        if self.version is None:
            return "carla is not imported; nothing repaired"
        lines = [f"carla {self.version} ({self.api} API) at {self.path}"]
        if not self.repaired_from_start:
            lines.append("carla was imported before carla_genre and is left as it is")
        for name, places in self.applied.items():
            lines.append(f"repaired {name}: {', '.join(places)}")
        lines.extend(f"switched off: {name}" for name in self.disabled)
        return "\n".join(lines)


def report() -> Report:
    """Say which CARLA is loaded and which repairs it needed so far."""
    from carla_genre.carla_compat.loader import RepairingLoader

    carla = sys.modules.get("carla")
    if carla is None:
        return Report(None, None, None, True)
    catalog_of_measures = Path(str(getattr(carla, "__file__", ""))).parent / "evaluation" / "catalog"
    return Report(
        version=getattr(carla, "__version__", "unknown"),
        api="head" if catalog_of_measures.is_dir() else "pypi",
        path=str(getattr(carla, "__file__", "unknown")),
        repaired_from_start=isinstance(getattr(carla.__spec__, "loader", None), RepairingLoader),
        applied=registry.applied(),
        disabled=[entry.name for entry in registry.repairs() if registry.disabled(entry.name)],
    )
