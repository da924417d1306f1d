"""Which encoded columns belong together: one categorical feature, one group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import torch

#: Positions of each categorical feature's columns in the input order of the classifier.
Groups = list[list[int]]

_groups_in_use: ContextVar[Groups | None] = ContextVar("carla_genre_one_hot_groups", default=None)


def columns_of(feature: str, columns: Sequence[str], others: Sequence[str] = ()) -> list[str]:
    """The columns that `feature` is encoded in: itself, or those named ``<feature>_<level>``.

    A column that fits a longer name among the `others`, further features, is not `feature`'s.
    """
    if feature in columns:
        return [feature]
    longer = tuple(f"{other}_" for other in others if other.startswith(f"{feature}_"))
    return [c for c in columns if c.startswith(f"{feature}_") and not (longer and c.startswith(longer))]


def groups_of(mlmodel: Any) -> Groups:
    """Positions of the columns of each categorical feature of a classifier's data."""
    order = [str(column) for column in mlmodel.feature_input_order]
    categorical = [str(feature) for feature in mlmodel.data.categorical]
    found = ([order.index(c) for c in columns_of(feature, order, categorical)] for feature in categorical)
    return [group for group in found if group]


@contextmanager
def groups_in_use(groups: Groups) -> Iterator[None]:
    """Make `groups` known to the library functions that CARLA's methods call with bare positions."""
    token = _groups_in_use.set(groups)
    try:
        yield
    finally:
        _groups_in_use.reset(token)


def current_groups() -> Groups | None:
    """The groups of the method that is answering, None outside one."""
    return _groups_in_use.get()


def make_valid(x: torch.Tensor, groups: Groups) -> torch.Tensor:
    """The nearest rows that an encoder could have written.

    A feature of one column becomes 0 or 1; of several columns, the largest becomes 1 (the first of equals) and the
    others 0.
    """
    valid = x.clone()
    for group in groups:
        if len(group) == 1:
            valid[:, group[0]] = valid[:, group[0]].round().clamp(0, 1)
            continue
        level = valid[:, group].argmax(dim=1)
        for position, column in enumerate(group):
            valid[:, column] = (level == position).to(valid.dtype)
    return valid


def one_level_each(x: np.ndarray, factual: np.ndarray, groups: Groups, preference: np.ndarray) -> np.ndarray:
    """Turn independent 0/1 draws for the columns of a group into one level: of the drawn ones the most preferred.

    Candidates x are (N, D); the factual, whose own level is kept where none was drawn, and the preference, a positive
    number a column, are (D,). Groups of one column are left as they are.
    """
    import numpy as np

    valid = x.copy()
    for group in groups:
        if len(group) < 2:
            continue
        drawn = x[:, group] > 0.5
        level = (drawn * preference[group]).argmax(axis=1)
        valid[:, group] = 0.0
        valid[range(len(x)), [group[position] for position in level]] = 1.0
        undrawn = np.flatnonzero(~drawn.any(axis=1))
        valid[undrawn[:, None], group] = factual[group]
    return valid
