"""Rows that are all numbers are read as one matrix: what comes out is what single columns give."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from schema_cases import FEATURES, SCHEMA, rows

from carla_genre.errors import UnreadableRows
from carla_genre.schema import Feature, Schema

FLOATS = Schema(
    tuple(
        Feature(f.name, f.columns, f.levels and tuple(tuple(map(float, level)) for level in f.levels))
        for f in FEATURES
    ),
    SCHEMA.columns,
)


@pytest.mark.parametrize("schema", [SCHEMA, FLOATS])
def test_a_frame_of_numbers_is_read_as_one_of_objects(schema: Schema) -> None:
    values = rows(50, 0)
    frame = schema.decode(values)
    shuffled = frame[list(reversed(schema.columns))].assign(further="text")
    for given in (frame, shuffled, frame.astype({"sex": bool}), frame.astype({"a": "float32"})):
        np.testing.assert_array_equal(schema.encode(given), values)
    np.testing.assert_array_equal(schema.encode(frame.astype(object)), values)


def test_levels_that_are_floats_are_written_as_floats_under_the_given_index() -> None:
    values = rows(20, 1)
    values[3, 0] = np.nan
    index = pd.Index([f"p{i}" for i in range(20)], name="person")
    frame = FLOATS.decode(values, index)
    assert frame.index.equals(index) and list(frame) == list(SCHEMA.columns)
    assert all(kind.kind == "f" for kind in frame.dtypes) and frame.iloc[3].isna().all()
    expected = SCHEMA.decode(values, index)  # column by column: its levels are whole numbers
    pd.testing.assert_frame_equal(frame, expected, check_dtype=False)


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("free", np.nan, "'free' has missing"),
        ("free", 1e39, "beyond single precision"),
        ("a", 0.5, "no level of categorical 'job'"),
        ("b", 1.0, "no level of categorical 'job'"),
        ("sex", 2.0, "no level of categorical 'sex'"),
    ],
)
def test_an_odd_number_among_them_is_named(column: str, cell: float, message: str) -> None:
    values = rows(10, 2)
    values[:, 4] = 0
    frame = FLOATS.decode(values)
    frame.loc[4, column] = cell
    with pytest.raises(UnreadableRows, match=message) as raised:
        FLOATS.encode(frame)
    assert raised.value.rows.tolist() == [row == 4 for row in range(10)]
