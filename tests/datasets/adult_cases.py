"""Adult with a fifth of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from carla_genre import datasets
from carla_genre.datasets.adult import Frames, load_adult


def some_rows() -> Frames:
    """Every fifth row of each part."""
    return Frames(*(part.iloc[::5].reset_index(drop=True) for part in load_adult()))


@contextmanager
def fewer_rows() -> Iterator[None]:
    """``load_dataset("adult")`` reads these inside."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets, "load_adult", some_rows)
        yield
