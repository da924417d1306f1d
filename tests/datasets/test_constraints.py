from __future__ import annotations

import math

import pandas as pd
import pytest

from carla_genre.datasets.constraints import build_constraints
from carla_genre.datasets.roles import Roles
from carla_genre.errors import InputError

TABLE = pd.DataFrame({"age": [20, 60], "income": [100, 900], "debt": [0, 5], "sex": ["f", "m"], "y": [0, 1]})
ROLES = Roles(target="y", continuous=("age", "income", "debt"), categorical=("sex",))


def test_only_what_was_asked_for():
    assert build_constraints(ROLES, table=TABLE) == {}
    assert build_constraints(ROLES, increasing="age", table=TABLE) == {"age": {"direction": "increase"}}
    assert build_constraints(
        ROLES,
        increasing=["age"],
        decreasing=["debt"],
        ranges={"age": (18, 99), "income": (None, 1e6)},
        table=TABLE,
    ) == {
        "age": {"direction": "increase", "range": (18.0, 99.0)},
        "income": {"range": (100.0, 1e6)},
        "debt": {"direction": "decrease"},
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"increasing": ["agee"]}, "Did you mean 'age'"),
        ({"increasing": ["y"]}, "no column 'y'"),
        ({"decreasing": ["sex"]}, "'sex' is categorical"),
        ({"ranges": {"sex": (0, 1)}}, "'sex' is categorical"),
        ({"increasing": ["age"], "decreasing": ["age"]}, "both increasing and decreasing"),
        ({"increasing": 3}, "increasing=3: expected a list of column names"),
        ({"ranges": [3]}, "expected a dict"),
        ({"increasing": [3]}, "not a column's name"),
        ({"ranges": {"age": (9, 1)}}, "low end 9 is not below the high end 1"),
        ({"ranges": {"age": (1, 1)}}, "low end 1 is not below the high end 1"),
        ({"ranges": {"age": (61, None)}}, "low end 61 is not below the high end 60"),
        ({"ranges": {"age": (0, math.inf)}}, "inf is not a number"),
        ({"ranges": {"age": 9}}, "expected a pair"),
        ({"ranges": {"age": "ab"}}, "expected a pair"),
        ({"ranges": {"age": (1, 2, 3)}}, "expected a pair"),
        ({"ranges": {"age": ("1", 2)}}, "'1' is not a number"),
        ({"ranges": {"age": (math.nan, 2)}}, "nan is not a number"),
    ],
)
def test_wrong_constraints_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        build_constraints(ROLES, **arguments, table=TABLE)
