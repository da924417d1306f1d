"""Where CARLA's CSV files are, if they are here at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def csv_folder() -> Path:
    """Return the folder with CARLA's CSV files, or skip."""
    repository = Path(__file__).resolve().parents[2]
    candidates = [
        Path(folder)
        for folder in (os.environ.get("CF_DATA"), repository.parent / "shared" / "data")
        if folder
    ]
    for folder in candidates:
        if (folder / "adult.csv").exists() and (folder / "compas.csv").exists():
            return folder
    pytest.skip("no folder with CARLA's CSV files: set CF_DATA")
