"""pyarrow, imported when it is needed."""

from __future__ import annotations

from types import ModuleType

from carla_genre.errors import MissingDependencyError


def load_arrow() -> ModuleType:
    """pyarrow, with its ``parquet`` and ``compute``.

    Raises
    ------
    MissingDependencyError
        It is not installed.
    """
    try:
        import pyarrow
        import pyarrow.compute
        import pyarrow.parquet
    except ImportError as error:
        raise MissingDependencyError(
            "Parquet files need pyarrow, which is not installed. Install it with: pip install 'carla-genre[parquet]'"
        ) from error
    return pyarrow
