"""Imports point down, and nowhere in a circle.

Read from the source, so that an import inside a function, or one behind TYPE_CHECKING, counts as well.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import networkx
import pytest

PACKAGE = "carla_genre"

# From the ground up: a room may import the rooms of the floors below its own.
FLOORS = (
    {"errors"},
    {"io", "frames", "children", "suggestions", "loading", "pickling", "progress", "threads"},
    {"blackbox", "options", "parameters", "carla_compat", "cluster"},
    {"generator", "files"},
    {"constraints", "schema"},
    {"causal", "datasets"},
    {"evaluation", "selection"},
    {"methods", "protocol"},
    {"harness", "recourse"},
    {"report", "commands", "demo", "testing"},
    {"cli"},
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# What a room may not import although it lies below, and why.
NEVER = {
    "methods": {"evaluation"},  # no method sees a measure
    "demo": {"harness"},  # the first command needs little
    "generator": {"blackbox"},  # which knows of pandas
}
MOST_FILES, MOST_LINES = 18, 300


def may_import(room: str) -> set[str]:
    """The other rooms that a room may import; the package's own version is free for all."""
    below = {other for other, floor in FLOOR.items() if floor < FLOOR[room]}
    if room != "cli":  # which reports what was repaired
        below -= {"carla_compat"}  # the package's __init__ imports it before all else
    return below - NEVER.get(room, set())


# CARLA's own test suite under this package is a measure of the repairs, so it asks which were applied.
MEASURES_THE_REPAIRS = "carla_suite"
GENERATOR_MAY_IMPORT = {"torch", "numpy", "safetensors", "lightning_fabric", "faiss"}


def module_name(path: Path, root: Path) -> str:
    """`carla_genre/methods/genre/method.py` -> `carla_genre.methods.genre.method`."""
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
            if room is not None and other not in {None, room} | may_import(room):
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
        assert room is None or room in FLOOR, f"{path}: the room {room!r} is on no floor"
        found += wrong_imports(path.read_text(encoding="utf-8"), module, path.name == "__init__.py")
    assert not found, "\n".join(found)


def module_graph(sources: Mapping[str, tuple[str, bool]]) -> networkx.DiGraph:
    """Modules, and an edge for each import between them; what a package's ``__init__`` gives on is its own."""
    graph = networkx.DiGraph()
    graph.add_nodes_from(sources)
    for module, (source, is_package) in sources.items():
        for _, name in imports(source, module, is_package):
            known = name if name in sources else name.rpartition(".")[0]
            if known in sources and known != module:
                graph.add_edge(module, known)
    return graph


def test_no_circle(repository: Path) -> None:
    sources = {
        module_name(path, repository): (path.read_text(encoding="utf-8"), path.name == "__init__.py")
        for path in (repository / PACKAGE).rglob("*.py")
    }
    circles = [
        part for part in networkx.strongly_connected_components(module_graph(sources)) if len(part) > 1
    ]
    assert circles == []


def test_a_circle_is_seen() -> None:
    sources = {
        "p": ("", True),
        "p.a": ("from p import b", False),
        "p.b": ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.c import C", False),
        "p.c": ("def f():\n    import p.a", False),
    }
    parts = networkx.strongly_connected_components(module_graph(sources))
    assert {"p.a", "p.b", "p.c"} in list(parts)


def test_folders_and_files_stay_small(repository: Path) -> None:
    paths = list((repository / PACKAGE).rglob("*.py"))
    files = Counter(path.parent for path in paths if path.parent.name != "repairs")  # there: one file a group
    assert {str(folder): n for folder, n in files.items() if n > MOST_FILES} == {}
    long = {
        str(path): n
        for path in paths
        if (n := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}


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
        ("carla_genre.generator.pairing.pairs", "import pandas"),
        ("carla_genre.generator.pairing.pairs", "def f():\n    from carla.data import api"),
        ("carla_genre.generator.pairing.pairs", "from carla_genre.schema import Schema"),
        ("carla_genre.generator.pairing.pairs", "from ...methods import genre"),
        ("carla_genre.generator.pairing.pairs", "from carla_genre import load_dataset"),
        (
            "carla_genre.generator.pairing.pairs",
            "import importlib\nimportlib.import_module('sklearn.neighbors')",
        ),
        ("carla_genre.schema", "from carla_genre import methods"),
        ("carla_genre.schema", "from . import cli"),
        ("carla_genre.datasets.csv", "if True:\n    import carla_genre.methods.genre.method"),
        ("carla_genre.datasets.csv", "from carla_genre.carla_compat import registry"),
        ("carla_genre.methods.genre.method", "from carla_genre.demo.plotting import bars"),
        ("carla_genre.errors", "from carla_genre.schema import Schema"),
        ("carla_genre.methods.genre.method", "from benchmarks.paper import table2"),
    ],
)
def test_an_import_against_the_arrows_is_found(module: str, source: str) -> None:
    assert len(wrong_imports(source, module)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "carla_genre.generator.pairing.pairs",
            "import math\nimport torch.nn\nfrom carla_genre.errors import InputError",
        ),
        ("carla_genre.generator.pairing.pairs", "from . import bins\nfrom ..config import Config"),
        ("carla_genre.methods.genre.method", "from carla import RecourseMethod\nfrom ..schema import Schema"),
        ("carla_genre.cli", "from carla_genre import __version__"),
    ],
)
def test_an_import_along_the_arrows_passes(module: str, source: str) -> None:
    assert wrong_imports(source, module) == []


def test_a_relative_import_in_a_package_is_resolved_from_the_package() -> None:
    assert wrong_imports("from . import loader", "carla_genre.carla_compat", is_package=True) == []
    assert wrong_imports("from .. import schema", "carla_genre.carla_compat", is_package=True) != []
