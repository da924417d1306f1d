"""Options are declared once: what may be given and what the docstring says come from the fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from carla_genre.errors import InputError
from carla_genre.options import Option, check, described, option, option_of


@described
@dataclass(frozen=True)
class Oven:
    """An oven.

    It is hot.
    """

    degrees: float = option(180.0, "How hot it is.", "(20, 250]", aliases=("heat",))
    mode: str = option("fan", "Where the heat comes from.", ("fan", "grill"))
    minutes: int | None = option(None, "When it stops.", "[1, inf)")


@dataclass(frozen=True)
class Kitchen(Oven):
    """A kitchen."""

    degrees: float = option_of(Oven, "degrees", default=20.5)
    oven: Oven = option(Oven(mode="grill"), "What it bakes in.")
    notes: Mapping[str, Any] | list[str] | None = option(None, "Of any length.")


def test_defaults_are_the_values_of_the_dataclass() -> None:
    values = check(replace(Kitchen(), minutes=3), None, "Kitchen")
    oven = {"degrees": 180.0, "mode": "grill", "minutes": None}
    assert values == {"degrees": 20.5, "mode": "fan", "minutes": 3, "oven": oven, "notes": None}


def test_what_is_given_takes_their_place() -> None:
    given = {"heat": 200, "oven": {"minutes": 5}, "notes": ["hot"], "minutes": None}
    values = check(replace(Kitchen(), minutes=3), given, "Kitchen")
    assert values["degrees"] == 200.0 and isinstance(values["degrees"], float)
    assert values["oven"] == {"degrees": 180.0, "mode": "grill", "minutes": 5}
    assert values["notes"] == ["hot"] and values["minutes"] is None  # its annotation allows None
    assert given == {"heat": 200, "oven": {"minutes": 5}, "notes": ["hot"], "minutes": None}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"degrees": 20}, r"Kitchen: degrees must be in \(20, 250\], got 20"),
        ({"degrees": 251}, "degrees must be in"),
        ({"degrees": float("nan")}, "degrees must be in"),
        ({"degrees": 10**400}, "degrees must be in .* got inf"),
        ({"oven": {"minutes": -(10**400)}}, "oven: minutes must be in"),
        ({"degrees": None}, "degrees must be float, got None"),
        ({"heat": 30, "degrees": 30}, "'degrees' and 'heat' are the same hyperparameter, give one"),
        ({"degree": 30}, "Kitchen has no hyperparameter 'degree': did you mean 'degrees'"),
        ({"mode": "gril"}, r"mode must be one of \['fan', 'grill'\], got 'gril'. Did you mean 'grill'"),
        ({"minutes": 1.5}, "minutes must be int, got 1.5 of type float"),
        ({"minutes": True}, "minutes must be int"),
        ({"oven": {"minutes": 0}}, r"Kitchen: oven: minutes must be in \[1, inf\), got 0"),
        ({"oven": {"doors": 0}}, "Kitchen: oven has no hyperparameter 'doors'"),
        ({"notes": "hot"}, "notes must be Mapping or list, got 'hot' of type str"),
    ],
)
def test_what_is_wrong_is_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        check(Kitchen(), given, "Kitchen")


def test_options_without_a_dataclass_have_the_kind_of_their_default() -> None:
    known = {
        "lambda": Option(0.5, "[0, inf)"),
        "weight": Option(1.0),
        "any": Option(),
        "oven": Option(group={"on": Option(True)}),
    }
    chosen = {"lambda": 1.0, "weight": -1.0, "any": {1}, "oven": {"on": True}}
    assert check(known, {"lambda": 1, "weight": -1, "any": {1}}, "It") == chosen
    for name, endless in (("weight", float("nan")), ("weight", float("-inf")), ("lambda", 1e300)):
        with pytest.raises(InputError, match=f"{name} must be a finite number that single precision holds"):
            check(known, {name: endless}, "It")
    with pytest.raises(InputError, match="on must be bool"):
        check(known, {"oven": {"on": 1}}, "It")


def test_the_docstring_has_a_list_of_them() -> None:
    assert Oven.__doc__ is not None
    assert Oven.__doc__.splitlines() == [
        "An oven.",
        "",
        "It is hot.",
        "",
        "Options",
        "-------",
        "degrees : 180.0",
        "    How hot it is. In (20, 250]. Also ``heat``.",
        'mode : "fan"',
        '    Where the heat comes from. One of "fan", "grill".',
        "minutes : None",
        "    When it stops. In [1, inf).",
    ]
