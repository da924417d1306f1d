"""A module's own __import__: its answers, and that nobody else sees them."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from carla_genre.carla_compat.imports import ImportRequest, OverlayModule, answer_imports


def run(module: ModuleType, code: str) -> ModuleType:
    exec(compile(code, module.__name__, "exec"), module.__dict__)
    return module


@pytest.fixture
def module() -> ModuleType:
    return ModuleType("a_module")


def with_tau_3(request: ImportRequest, proceed: Callable[[], Any]) -> Any:
    return OverlayModule(proceed(), {"tau": 3, "asked": request})


def test_imports_are_answered_in_every_form(module: ModuleType) -> None:
    answer_imports(module, "math", with_tau_3)
    run(
        module,
        "import math\nimport math as m\nfrom math import tau, pi\ndef later():\n    import math\n    return math.tau",
    )
    assert (module.math.tau, module.m.tau, module.tau, module.later()) == (3, 3, 3, 3)
    assert module.pi == math.pi
    assert math.tau > 6


def test_other_packages_and_modules_are_left_alone(module: ModuleType) -> None:
    answer_imports(module, "math", with_tau_3)
    run(module, "import cmath, os.path as path")
    import cmath
    import os.path

    assert module.cmath is cmath
    assert module.path is os.path
    assert run(ModuleType("another"), "import math").math is math
    assert sys.modules["math"] is math


def test_the_request_says_what_is_asked_for(module: ModuleType) -> None:
    answer_imports(module, "math", with_tau_3)
    run(module, "from math import asked, pi")
    assert module.asked == ImportRequest(module, "math", ("asked", "pi"))
    assert module.asked.root == "math"


def test_the_last_answer_is_asked_first(module: ModuleType) -> None:
    answer_imports(module, "*", lambda request, proceed: OverlayModule(proceed(), {"first": True, "both": 1}))
    answer_imports(
        module, "math", lambda request, proceed: OverlayModule(proceed(), {"second": True, "both": 2})
    )
    run(module, "import math")
    assert (module.math.first, module.math.second, module.math.both) == (True, True, 2)


def test_builtins_work_as_before(module: ModuleType) -> None:
    answer_imports(module, "math", with_tau_3)
    run(module, "class A:\n    pass\nassert len([A()]) == 1\nvalue = sum(x for x in (1, 2))")
    assert module.value == 3
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        run(module, "import no_such_module")


def test_an_overlay_is_a_view() -> None:
    underlying = ModuleType("underlying", "Its own words.")
    underlying.here = 1  # type: ignore[attr-defined]
    overlay = OverlayModule(underlying, {"more": 2})
    underlying.later = 3  # type: ignore[attr-defined]
    assert (overlay.here, overlay.more, overlay.later) == (1, 2, 3)
    assert {"here", "more", "later"} <= set(dir(overlay))
    assert overlay.__doc__ == "Its own words."
    assert not hasattr(underlying, "more")
    with pytest.raises(AttributeError):
        _ = overlay.nowhere
