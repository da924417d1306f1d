"""pyarrow, imported when it is needed."""

from __future__ import annotations

from typing import Any

from carla_genre.loading import load_extra


def load_arrow() -> Any:
    """pyarrow, with its ``parquet`` and ``compute``.

    Raises
    ------
    MissingDependencyError
        It is not installed.
    """
    return load_extra("parquet", "a Parquet file", "pyarrow", "pyarrow.compute", "pyarrow.parquet")
