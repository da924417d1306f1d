"""Stand-ins import quietly and refuse to be used."""

from __future__ import annotations

import typing
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from carla_genre.carla_compat.stand_ins import OPTIONAL_PACKAGES, Absence, StandInModule
from carla_genre.errors import MissingDependencyError


class Importer(ModuleType):
    """A module that can be told whether its code is still running."""

    def __init__(self) -> None:
        super().__init__("carla.some.method")
        self.__dict__["__spec__"] = SimpleNamespace(_initializing=False)

    def running(self, value: bool) -> None:
        self.__dict__["__spec__"]._initializing = value


@pytest.fixture
def importer() -> Importer:
    return Importer()


@pytest.fixture
def package(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setitem(OPTIONAL_PACKAGES, "absent_ml", "absent-ml")
    cause = ModuleNotFoundError("No module named 'absent_ml'")
    return StandInModule(Absence(importer, "absent_ml", cause), "absent_ml")


def test_what_a_module_does_while_it_is_imported_is_quiet(package: Any) -> None:
    class Model(package.keras.Model):
        layers: package.keras.Layer

    assert typing.Union[int, package.Tensor]  # noqa: UP007 (the form that CARLA uses)
    assert int | package.Tensor
    assert not isinstance(3, package.Tensor)
    assert issubclass(Model, package.keras.Model)
    assert package.Tensor is package.Tensor
    assert "stand-in" in repr(package)
    assert "absent_ml.Tensor" in repr(package.Tensor)


@pytest.mark.parametrize(
    "use",
    [
        lambda package: package.Data(),
        lambda package: package.explainers.Dice(1, backend="x"),
        lambda package: package.float32 + 1,
        lambda package: 2 * package.float32,
        lambda package: package.names["first"],
        lambda package: list(package.names),
        lambda package: len(package.names),
        lambda package: 3 in package.names,
        lambda package: type("Model", (package.Model,), {})(),
    ],
)
def test_use_is_refused_by_name_and_with_the_command(package: Any, use: Any) -> None:
    with pytest.raises(MissingDependencyError) as refusal:
        use(package)
    assert "carla.some.method needs absent_ml." in str(refusal.value)
    assert str(refusal.value).endswith("pip install absent-ml")
    assert isinstance(refusal.value, ImportError)
    assert isinstance(refusal.value.__cause__, ModuleNotFoundError)


def test_calls_pass_while_the_importer_runs(package: Any, importer: Importer) -> None:
    importer.running(True)
    package.compat.v1.disable_eager_execution()

    @package.function
    def traced() -> int:
        return 1

    @package.function(signature=package.TensorSpec([None]))
    def traced_with_options() -> int:
        return 1

    importer.running(False)
    assert traced.__name__ == "traced"
    with pytest.raises(MissingDependencyError, match=r"absent_ml\.function"):
        traced()
    with pytest.raises(MissingDependencyError):
        traced_with_options()


def test_private_names_are_absent(package: Any) -> None:
    assert not hasattr(package, "_private")
    assert not hasattr(package.Model, "__array__")


def test_a_broken_package_is_told_from_an_absent_one(importer: Importer) -> None:
    broken = StandInModule(Absence(importer, "json", ImportError("libfoo.so is missing")), "json")
    with pytest.raises(MissingDependencyError, match=r"json cannot be imported here \(ImportError: libfoo"):
        broken.loads("1")


def test_the_way_out_replaces_the_command(importer: Importer) -> None:
    part = StandInModule(Absence(importer, "json.contrib", way_out="json.contrib is gone"), "json.contrib")
    with pytest.raises(MissingDependencyError, match=r"needs json\.contrib\.eager: json\.contrib is gone"):
        part.eager()
