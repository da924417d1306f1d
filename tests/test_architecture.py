"""docs/architecture.md says what is there: rooms, files and functions."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

CELL = re.compile(r"`([^`]+)`")


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs" / "architecture.md").read_text(encoding="utf-8")


def rows(page: str, title: str) -> list[list[str]]:
    """The cells of the table under that heading of columns."""
    table = page.partition(title)[2].partition("\n\n")[0].splitlines()[1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table if line.startswith("|")][
        1:
    ]


def names_in(path: Path) -> set[str]:
    """Functions and classes of a file, methods as Class.method."""
    tree, found = ast.parse(path.read_text(encoding="utf-8")), set()
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{part.name}" for part in node.body if isinstance(part, ast.FunctionDef)}
    return found


def test_every_hop_names_a_function_that_is_there(page: str, repository: Path) -> None:
    hops = rows(page, "| hop |")
    assert 5 <= len(hops) <= 10
    assert [hop[0] for hop in hops] == [str(number + 1) for number in range(len(hops))]
    for _, file, function, _ in hops:
        path = repository / "carla_genre" / CELL.findall(file)[0]
        assert CELL.findall(function)[0] in names_in(path), (file, function)


def test_what_is_learned_where(page: str, repository: Path) -> None:
    learned = re.findall(r"`([\w/]+\.py)` \(`(\w+)`\)", page.replace("\n", " "))
    assert len(learned) == 3
    for file, name in learned:
        assert name in names_in(repository / "carla_genre" / file)


def test_every_room_has_its_place(page: str, repository: Path) -> None:
    told = {name for _, rooms in rows(page, "| floor |") for name in CELL.findall(rooms)}
    package = repository / "carla_genre"
    rooms = {path.name for path in package.iterdir() if (path / "__init__.py").exists()}
    rooms |= {path.stem for path in package.glob("*.py") if path.stem != "__init__"}
    assert rooms <= told, rooms - told


def test_it_fits_on_a_screen(page: str) -> None:
    assert len(page.splitlines()) <= 50
