"""A data set as the protocol has it: its roles, and labels that can be drawn again."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from carla_genre.datasets import load_dataset
from carla_genre.datasets.further import FURTHER
from carla_genre.datasets.names import whole_number
from carla_genre.datasets.toys import TOYS
from carla_genre.errors import InputError

if TYPE_CHECKING:
    from carla_genre.datasets.catalog import FrameCatalog

# The data sets of the paper's tables; its figures have the toys as well.
REAL_DATA = ("adult", "compas", "heloc")

# Data set -> whether h is trained with balanced sample weights.
BALANCED = {
    "adult": True,
    "compas": True,
    "heloc": False,
    **dict.fromkeys(TOYS, False),
    **dict.fromkeys(FURTHER, True),
}

# Of the rows that are taken where not all are: the same ones for every seed of the protocol.
ROWS_SEED = 42

# Beside the protocol's seed, so that the labels that are flipped have nothing to do with what else that seed draws.
NOISE_SEED = 5


@dataclass(frozen=True)
class OwnTable:
    """A table of one's own instead of the paper's data.

    Attributes
    ----------
    name : str
        What it is called in records.
    csv : str
        Path of the file.
    options : mapping
        What :func:`carla_genre.load_dataset` takes for such a table: ``target``, ``immutables``, ...
    balanced : bool
        Whether h is trained with balanced sample weights.
    """

    name: str
    csv: str
    options: Mapping[str, Any] = field(default_factory=dict)
    balanced: bool = True

    def load(self) -> FrameCatalog:
        """The catalog; its ``name`` has a digest of the rows, their split and their roles."""
        return load_dataset(self.csv, **self.options, quiet=True)


def load_protocol_data(
    data: str | OwnTable, root: str | os.PathLike[str] | None = None, rows: int | None = None
) -> FrameCatalog:
    """Load a data set with the paper's roles and the original labels.

    The catalog's ``df`` has the train rows only: what a method may look at holds no test row. The test
    rows' index goes on where the train rows' ends.

    Parameters
    ----------
    data : str or OwnTable
        "adult", "compas", "heloc", one of the paper's toys "circles", "moons" and "corr", of 900 train and 100 test
        rows, or a further set of :func:`carla_genre.load_dataset`, as "german_credit".
    root : path, optional
        Where the CSVs lie; else the folder named by ``CF_DATA``, else ``~/cf-data``.
    rows : int, optional
        At most so many train rows, and as large a share of the test rows; the scaling stays that of all.

    Notes
    -----
    Known data are scaled on the train rows alone, the paper's with one column a feature; a table of one's own on all of
    its rows. The categories of both are encoded as :func:`carla_genre.load_dataset` does.
    """
    if isinstance(data, OwnTable):
        catalog = data.load()
        texts = [c for c in input_columns(catalog) if not is_numeric_dtype(catalog.df_train[c])]
        if texts:
            raise InputError(
                f"{data.name}: the protocol's classifiers compute with numbers, and {texts} hold text: load the data "
                "with the encoding_method 'OneHot' or 'OneHot_drop_binary'"
            )
    elif isinstance(data, str) and data in BALANCED:
        catalog = load_dataset(data, root=root, roles="paper")
        if data not in FURTHER and len(input_columns(catalog)) != len(catalog.continuous) + len(
            catalog.categorical
        ):
            raise InputError(
                f"the paper's data have one column a feature; {data} has {input_columns(catalog)}"
            )
    else:
        raise InputError(f"no data set {data!r} in the protocol; there are {list(BALANCED)}")
    train, test = catalog.df_train.reset_index(drop=True), catalog.df_test
    if rows is not None and whole_number(rows, "rows", 1) < len(train):
        share, random = rows / len(train), np.random.RandomState(ROWS_SEED)
        train = _some(train, rows, random).reset_index(drop=True)
        test = _some(test, max(1, round(share * len(test))), random)
    test = test.set_axis(pd.RangeIndex(len(train), len(train) + len(test)))
    _replace(catalog, train, test)
    return catalog


def is_balanced(data: str | OwnTable) -> bool:
    """Whether h is trained with balanced sample weights."""
    return data.balanced if isinstance(data, OwnTable) else BALANCED[data]


def input_columns(data: FrameCatalog) -> list[str]:
    """The encoded columns without the label, in the order of the file."""
    return [str(column) for column in data.df_train.columns if column != data.target]


def relabel(data: FrameCatalog, train: np.ndarray, test: np.ndarray) -> None:
    """Replace the labels of the train and of the test rows."""
    _replace(
        data,
        data.df_train.assign(**{data.target: np.asarray(train).astype(int)}),
        data.df_test.assign(**{data.target: np.asarray(test).astype(int)}),
    )


def flipped(labels: np.ndarray, share: Any, seed: int) -> np.ndarray:
    """The labels with a share of them turned to the other one: label noise.

    Parameters
    ----------
    labels : ndarray (n,)
        0 and 1; left as they are.
    share : float
        In [0, .5): ``round(share * n)`` rows are drawn, each alike, whatever their label.
    seed : int
        The rows of a smaller share are among those of a larger one.

    Raises
    ------
    InputError
        The share is outside of its range.
    """
    if not isinstance(share, int | float) or not 0 <= share < 0.5:
        raise InputError(f"label_noise must be at least 0 and below .5, got {share!r}")
    noisy = np.array(labels, dtype=int)
    rows = np.random.default_rng([NOISE_SEED, seed]).permutation(len(noisy))[: round(share * len(noisy))]
    noisy[rows] = 1 - noisy[rows]
    return noisy


def with_train_rows(data: FrameCatalog, train: pd.DataFrame) -> FrameCatalog:
    """The same data with other train rows, numbered anew; ``data`` is left as it is."""
    other = copy.copy(data)
    _replace(other, train.reset_index(drop=True), data.df_test)
    return other


def _some(frame: pd.DataFrame, count: int, random: np.random.RandomState) -> pd.DataFrame:
    """So many of the rows, in their order."""
    return frame.iloc[np.sort(random.choice(len(frame), count, replace=False))]


def _replace(data: FrameCatalog, train: pd.DataFrame, test: pd.DataFrame) -> None:
    # CARLA's catalog hands out copies of these three, and has no way to set them.
    data._df, data._df_train, data._df_test = train.copy(), train, test
