"""People whose columns have other dtypes than the table's: asked about as they are, or one error that says so."""

from __future__ import annotations

import numpy as np
import pandas as pd

from carla_genre.errors import InputError
from carla_genre.recourse.codec import TableCodec
from carla_genre.recourse.decision import Decision


def ask_people(decision: Decision, codec: TableCodec, people: pd.DataFrame) -> np.ndarray:
    """What the classifier says of people (B, any), (B,).

    Raises
    ------
    InputError
        It fails on them, or reads their categories otherwise than the table's, and their dtypes are others.
    """
    rows = people[list(codec.names)]
    other = {name: c.dtype for name, c in codec.columns.items() if rows[name].dtype != c.dtype}
    try:
        said = decision.ask(rows)
    except InputError as error:
        if not other:
            raise
        raise InputError(f"{error}. {_differences(rows, other)}") from error
    categories = {name: dtype for name, dtype in other.items() if isinstance(dtype, pd.CategoricalDtype)}
    if categories and not np.allclose(said, decision.ask(rows.astype(categories)), rtol=0, atol=1e-6):
        raise InputError(
            f"the classifier says otherwise of the people than of the same cells as the table has them. "
            f"{_differences(rows, categories)}"
        )
    return said


def _differences(rows: pd.DataFrame, other: dict[str, object]) -> str:
    """Which dtypes differ, and what to do."""
    shown = [
        f"{name!r} is {_said(rows[name].dtype)}, the table's {_said(dtype)}" for name, dtype in other.items()
    ]
    more = f" and {len(shown) - 5} more" if len(shown) > 5 else ""
    return (
        f"Their columns have other dtypes than the table's: {'; '.join(shown[:5])}{more}. Make them the same, "
        "people.astype(table.dtypes[[...]])"
    )


def _said(dtype: object) -> str:
    if isinstance(dtype, pd.CategoricalDtype):
        return f"category of {dtype.categories.tolist()[:6]}"
    return str(dtype)
