"""Where a figure was measured: versions and memory."""

from __future__ import annotations

import platform
import re
import sys
from importlib import metadata
from pathlib import Path

import carla_genre
from carla_genre.loading import method_entry_points


def versions() -> dict[str, str]:
    """Of Python and the packages that the figures depend on, those that bring recourse methods included."""
    found = {"python": platform.python_version(), "carla-genre": carla_genre.__version__}
    named = ["carla-recourse", "numpy", "pandas", "scikit-learn", "torch", "matplotlib"]
    for package in [*named, *(distribution for distribution, _ in method_entry_points())]:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "absent"
    return found


def peak_memory_mb() -> float:
    """The most memory that this process has held, in MB (10^6 bytes); NaN where it is not told."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux's getrusage tells a new process the peak of the one that started it
        told = re.search(r"^VmHWM:\s+(\d+) kB$", status.read_text(), re.MULTILINE)
        if told:
            return int(told[1]) * 1024 / 1e6
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e6


def memory_since_mb(before: float) -> float:
    """What this process has held at most beyond ``before``, an earlier :func:`peak_memory_mb`, in MB.

    Linux tells a peak that may be some pages off, less than the one before too: that is 0.
    """
    more = peak_memory_mb() - before
    return 0.0 if more < 0 else more
