"""Imports point one way.

cli, benchmarks -> report, parquet -> harness -> methods, protocol -> evaluation, datasets -> schema, generator
-> errors.

Read from the source, so that an import inside a function, or one behind TYPE_CHECKING, counts as well.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = "carla_genre"

# Room -> the other rooms of the package that it may import. `errors` and the package's own version are free for all.
# carla_compat is imported by the package's __init__; the command line reports what it repaired.
MAY_IMPORT = {
    "errors": set(),
    "carla_compat": set(),
    "generator": set(),
    "schema": {"generator"},
    "datasets": {"schema", "generator"},
    "evaluation": {"schema", "generator", "datasets"},
    "methods": {"schema", "generator", "datasets", "evaluation"},
    # The judge's side: no method may import it.
    "protocol": {"schema", "generator", "datasets", "evaluation"},
    "harness": {"schema", "generator", "datasets", "evaluation", "methods", "protocol"},
    "parquet": {"schema", "generator", "datasets", "evaluation", "methods", "protocol", "harness"},
    "report": {"evaluation", "harness"},
    "plotting": {"schema", "generator", "datasets", "evaluation", "methods"},
    "demo": {"schema", "generator", "datasets", "evaluation", "methods", "plotting"},
    "cli": {
        "schema",
        "generator",
        "datasets",
        "evaluation",
        "methods",
        "plotting",
        "demo",
        "harness",
        "parquet",
        "report",
        "carla_compat",
    },
}
# CARLA's own test suite under this package is a measure of the repairs, so it asks which were applied.
MEASURES_THE_REPAIRS = "carla_suite"
GENERATOR_MAY_IMPORT = {"torch", "numpy", "tqdm", "safetensors", "lightning_fabric", "faiss"}


def module_name(path: Path, root: Path) -> str:
    """`carla_genre/methods/genre.py` -> `carla_genre.methods.genre`."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: str, module: str, is_package: bool) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything that `source` imports, by statement or by import_module("...")."""
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *filter(None, [node.module])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in {"import_module", "__import__"} and isinstance(node.args[0].value, str):
                yield node.lineno, node.args[0].value


def room_of(dotted: str) -> str | None:
    """The room that a dotted name of the package lies in; None for the package itself and its version."""
    parts = dotted.split(".")
    return parts[1] if len(parts) > 1 and not parts[1].startswith("__") else None


def wrong_imports(source: str, module: str, is_package: bool = False) -> list[str]:
    """Every import of `source` that goes against the arrows."""
    room = room_of(module)
    found = []
    for line, name in imports(source, module, is_package):
        top, other = name.split(".")[0], room_of(name)
        if top == PACKAGE:
            if room is not None and other not in {None, "errors", room} | MAY_IMPORT[room]:
                found.append(f"{module}:{line} imports {name}")
        elif room == "generator" and top not in GENERATOR_MAY_IMPORT | set(sys.stdlib_module_names):
            found.append(f"{module}:{line} imports {name}")
        elif room is not None and top in {"benchmarks", "tests", "examples"}:
            found.append(f"{module}:{line} imports {name}")
    return found


def test_every_module_of_the_package(repository: Path) -> None:
    found = []
    paths = sorted((repository / PACKAGE).rglob("*.py"))
    assert len(paths) > 20
    for path in paths:
        module = module_name(path, repository)
        room = room_of(module)
        assert room is None or room in MAY_IMPORT, f"{path}: the room {room!r} is not on the list of arrows"
        found += wrong_imports(path.read_text(encoding="utf-8"), module, path.name == "__init__.py")
    assert not found, "\n".join(found)


def test_benchmarks_and_examples_leave_carla_compat_alone(repository: Path) -> None:
    for folder in ("benchmarks", "examples"):
        for path in sorted((repository / folder).rglob("*.py")):
            if MEASURES_THE_REPAIRS not in path.parts:
                module = module_name(path, repository)
                found = imports(path.read_text(encoding="utf-8"), module, path.name == "__init__.py")
                assert not [name for _, name in found if name.startswith(f"{PACKAGE}.carla_compat")], path


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("carla_genre.generator.pairs", "import pandas"),
        ("carla_genre.generator.pairs", "def f():\n    from carla.data import api"),
        ("carla_genre.generator.pairs", "from carla_genre.schema import Schema"),
        ("carla_genre.generator.pairs", "from ..methods import genre"),
        ("carla_genre.generator.pairs", "from carla_genre import load_dataset"),
        ("carla_genre.generator.pairs", "import importlib\nimportlib.import_module('sklearn.neighbors')"),
        ("carla_genre.schema", "from carla_genre import methods"),
        ("carla_genre.schema", "from . import cli"),
        ("carla_genre.datasets.csv", "if True:\n    import carla_genre.methods.genre"),
        ("carla_genre.datasets.csv", "from carla_genre.carla_compat import registry"),
        ("carla_genre.methods.genre", "from carla_genre.plotting import bars"),
        ("carla_genre.errors", "from carla_genre.schema import Schema"),
        ("carla_genre.methods.genre", "from benchmarks.paper import table2"),
    ],
)
def test_an_import_against_the_arrows_is_found(module: str, source: str) -> None:
    assert len(wrong_imports(source, module)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "carla_genre.generator.pairs",
            "import math\nimport torch.nn\nfrom carla_genre.errors import InputError",
        ),
        ("carla_genre.generator.pairs", "from . import bins\nfrom .config import Config"),
        ("carla_genre.methods.genre", "from carla import RecourseMethod\nfrom ..schema import Schema"),
        ("carla_genre.cli", "from carla_genre import __version__"),
    ],
)
def test_an_import_along_the_arrows_passes(module: str, source: str) -> None:
    assert wrong_imports(source, module) == []


def test_a_relative_import_in_a_package_is_resolved_from_the_package() -> None:
    assert wrong_imports("from . import loader", "carla_genre.carla_compat", is_package=True) == []
    assert wrong_imports("from .. import schema", "carla_genre.carla_compat", is_package=True) != []
