"""Where a figure was measured: versions and memory."""

from __future__ import annotations

import platform
import sys
from importlib import metadata

import carla_genre


def versions() -> dict[str, str]:
    """Of Python and the packages that the figures depend on."""
    found = {"python": platform.python_version(), "carla-genre": carla_genre.__version__}
    for package in ("carla-recourse", "numpy", "pandas", "scikit-learn", "torch", "matplotlib"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "absent"
    return found


def peak_memory_mb() -> float:
    """The most memory that this process has held, in MB (10^6 bytes); NaN where it is not told."""
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e6
