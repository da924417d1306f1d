"""What CARLA's modules get when they import numpy, or a package that is not there."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pkgutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import carla_genre
from carla_genre.carla_compat import registry
from carla_genre.carla_compat.repairs.imports import removed_names

import carla

TRY_CARLA = """
    import json
    import carla_genre
    try:
        import carla
        from carla.recourse_methods.catalog.face.library import face_method
        face_method.np.int
        failure = None
    except (AttributeError, ImportError) as error:
        failure = type(error).__name__ + ": " + str(error)
    print(json.dumps(failure))
"""


def numpy_names_in(source: str) -> set[str]:
    """Every `name` of `np.name` in a file that imports numpy as np."""
    return {
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "np"
    }


def carla_files() -> list[Path]:
    return sorted(Path(carla.__file__).parent.rglob("*.py"))


def test_carla_finds_every_numpy_name_that_it_uses() -> None:
    from carla.recourse_methods.catalog.face.library import face_method

    used = set().union(*(numpy_names_in(file.read_text()) for file in carla_files()))
    assert {"int", "float", "infty"} <= used
    assert [name for name in sorted(used) if not hasattr(face_method.np, name)] == []


def test_only_missing_names_are_added() -> None:
    assert not set(removed_names(np)) & set(vars(np))
    assert face_numpy().float64 is np.float64
    assert face_numpy().int is int


def face_numpy() -> Any:
    return importlib.import_module("carla.recourse_methods.catalog.face.library.face_method").np


def test_without_the_repair_numpy_names_are_missing(run_python: Any) -> None:
    assert "np." in run_python(TRY_CARLA, warm=True, disable=("numpy_lacks_builtin_aliases",)).replace(
        "`", ""
    )


@pytest.mark.skipif(
    all(importlib.util.find_spec(name) for name in ("recourse", "torchvision", "tensorflow", "keras")),
    reason="every optional package is installed",
)
def test_without_the_repair_carla_does_not_import(run_python: Any) -> None:
    disable = (
        "optional_package_is_absent",
        "importing_carla_imports_every_backend",
        "benchmark_imports_every_backend",
    )
    assert run_python(TRY_CARLA, warm=True, disable=disable).startswith("ModuleNotFoundError")


def test_every_module_of_carla_imports() -> None:
    names = [module.name for module in pkgutil.walk_packages(carla.__path__, "carla.")]
    failures = {}
    for name in names:
        try:
            importlib.import_module(name)
        except Exception as failure:
            failures[name] = failure
    assert len(names) > 60
    assert failures == {}


def test_repairs_are_recorded_where_they_were_needed() -> None:
    applied = registry.applied()
    assert "carla.recourse_methods.catalog.face.library.face_method" in applied["numpy_lacks_builtin_aliases"]
    assert set(applied) <= {entry.name for entry in registry.repairs()}


def test_use_of_an_absent_package_names_the_command() -> None:
    from carla.recourse_methods.catalog.actionable_recourse import model

    if importlib.util.find_spec("recourse"):
        pytest.skip("recourse is installed")
    with pytest.raises(carla_genre.MissingDependencyError, match="pip install recourse"):
        model.rs.ActionSet(X=None)
    with pytest.raises(ModuleNotFoundError, match="No module named 'recourse'"):
        importlib.import_module("recourse")


def test_a_folder_that_has_a_package_s_name_is_no_package(run_python: Any, tmp_path: Path) -> None:
    for name in ("recourse", "lime", "mip"):
        (tmp_path / name).mkdir()
    told = run_python(
        """
        import json
        import carla_genre
        import carla
        from carla.recourse_methods import ActionableRecourse
        print(json.dumps(ActionableRecourse.__name__))
        """,
        warm=True,
        paths=(tmp_path,),
    )
    assert told == "ActionableRecourse"
