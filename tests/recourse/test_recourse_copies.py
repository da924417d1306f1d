"""``copies=False`` at the door: no option is a row that few people of the table have."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from loans import NUMBERS, QUICK, loans, pipeline, refused

from carla_genre import Recourse
from carla_genre.constraints import Freeze
from carla_genre.selection.copies import ENOUGH


def coarse() -> pd.DataFrame:
    """Applications that often repeat."""
    table = loans(900)
    table["age"], table["dependants"] = table["age"] // 20 * 20, table["dependants"] // 3
    table["income"], table["debt"] = table["income"].round(-3), table["debt"] // 2500 * 2500
    return table


@pytest.mark.slow
@pytest.mark.parametrize("further", [{}, {"constraints": [Freeze("age")]}])
def test_no_option_is_a_row_of_fewer_than_five_people(further: dict[str, Any]) -> None:
    table = coarse()
    model = pipeline(table)
    people = refused(model, table.drop(columns="approved")).head(120)
    counts = table.groupby([*NUMBERS, "home"]).size()
    rare = {}
    for copies in (True, False):
        hyperparams = {**QUICK, "copies": copies}
        door = Recourse(model, table, "approved", "yes", verbose=False, hyperparams=hyperparams)
        rows = door.recommend(people, n=2, **further).rows
        found = [counts.get(tuple(row), 0) for row in rows[[*NUMBERS, "home"]].itertuples(index=False)]
        assert len(found) > 60
        rare[copies] = sum(0 < count < ENOUGH for count in found)
    assert rare[True] > 0 == rare[False]


def test_no_option_is_a_row_that_is_not_learned_from() -> None:
    """It was kept from the learning, or has no outcome: it is somebody's all the same."""
    table = coarse()
    model = pipeline(table)
    hyperparams = {**QUICK, "copies": False}
    own = [*NUMBERS, "home"]
    counts = table.groupby(own).size()
    people = refused(model, table.drop(columns="approved"))
    table["approved"] = table["approved"].mask(table.index % 3 == 0)
    door = Recourse(model, table, "approved", "yes", verbose=False, hyperparams=hyperparams, held_out=200)
    found = door.recommend(people.head(60), n=3, constraints=[Freeze("age", "dependants")])
    assert len(found) > 60
    assert not [
        row for row in found.rows[own].itertuples(index=False) if 0 < counts.get(tuple(row), 0) < ENOUGH
    ]
