"""The list of repairs."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest

from carla_genre.carla_compat import registry

importlib.import_module("carla_genre.carla_compat.repairs")


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_repairs", {})
    monkeypatch.setattr(registry, "_applied", {})


def test_every_repair_is_described_and_concerns_carla() -> None:
    entries = registry.repairs()
    assert len(entries) > 20
    for entry in entries:
        assert entry.modules, entry.name
        assert entry.when in ("before", "after")
        assert 20 < len(entry.summary) < 400, entry.name
        assert {name.partition(".")[0] for name in entry.modules} <= set(registry.REPAIRABLE_PACKAGES)


@pytest.mark.usefixtures("empty")
def test_repairs_run_in_order_where_they_belong(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    @registry.repair("carla.a", "carla.b.*")
    def second_symptom(module: ModuleType) -> bool:
        """It breaks; it is mended."""
        calls.append(("second", module.__name__))
        return False

    @registry.repair("carla.*", when="before")
    def first_symptom(module: ModuleType) -> bool:
        """It breaks; it is mended."""
        calls.append(("first", module.__name__))
        return True

    for name in ("carla", "carla.a", "carla.b.c", "carla.bb"):
        registry.apply(ModuleType(name), "before")
        registry.apply(ModuleType(name), "after")
    assert [name for which, name in calls if which == "first"] == [
        "carla",
        "carla.a",
        "carla.b.c",
        "carla.bb",
    ]
    assert [name for which, name in calls if which == "second"] == ["carla.a", "carla.b.c"]
    assert registry.applied() == {"first_symptom": ["carla", "carla.a", "carla.b.c", "carla.bb"]}

    monkeypatch.setenv(registry.DISABLE_VARIABLE, "other, first_symptom")
    calls.clear()
    registry.apply(ModuleType("carla.a"), "before")
    assert calls == []
    assert registry.disabled("first_symptom")
    assert not registry.disabled("second_symptom")


@pytest.mark.usefixtures("empty")
def test_a_careless_repair_is_refused() -> None:
    def undescribed(module: ModuleType) -> bool:
        return True

    def described(module: ModuleType) -> bool:
        """It breaks; it is mended."""
        return True

    with pytest.raises(RuntimeError, match="docstring"):
        registry.repair("carla")(undescribed)
    with pytest.raises(RuntimeError, match="numpy"):
        registry.repair("numpy.linalg")(described)
    registry.repair("carla")(described)
    with pytest.raises(RuntimeError, match="two repairs"):
        registry.repair("carla.data")(described)
    with pytest.raises(RuntimeError, match="no repair"):
        registry.record("unheard_of", "carla")
