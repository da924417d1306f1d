"""Which code made a record, and the mark of a row whose figures come from several."""

from __future__ import annotations

import ast
import hashlib
import subprocess
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carla_genre.loading import method_entry_points

if TYPE_CHECKING:
    from carla_genre.harness.cell import Cell

PACKAGE = Path(__file__).resolve().parents[1]
# What cannot change a figure; of the harness only SCORING can.
APART = ("cli.py", "commands", "demo", "files", "harness", "recourse", "report", "testing")
SCORING = ("measure.py", "scoring.py")
MARK = "‡"


def code_digest(package: Path = PACKAGE) -> str:
    """Of the sources of the package that can change a figure: 12 hexadecimal digits."""
    paths = [path for path in package.rglob("*.py") if path.relative_to(package).parts[0] not in APART]
    digest = hashlib.sha256()
    for path in sorted([*paths, *(package / "harness" / name for name in SCORING)]):
        source = path.read_bytes()
        digest.update(f"{path.relative_to(package).as_posix()} {len(source)}\n".encode() + source)
    return digest.hexdigest()[:12]


def own_digest(cell: Cell) -> str | None:
    """Of the sources of what a cell has that is not of this package: 12 hexadecimal digits, None where all of it is.

    A module that lies in a package stands for all of that package's folder; one that lies alone, for itself and for
    the modules beside it that it imports.
    """
    registered = {point.name: point.value for _, point in method_entry_points()}
    named = (registered.get(cell.method, cell.method), cell.classifier)
    modules = {module for module, colon, _ in (name.partition(":") for name in named) if colon}
    files = sorted({file for module in modules for file in _sources(module)})
    if not files:
        return None
    digest = hashlib.sha256()
    for file in files:
        source = file.read_bytes()
        digest.update(f"{file.parent.name}/{file.name} {len(source)}\n".encode() + source)
    return digest.hexdigest()[:12]


def of_other_code(measured: Iterable[tuple[Cell, Mapping[str, Any]]]) -> list[Cell]:
    """Those cells whose records were made by other sources than those of now, as far as the records say."""
    code, own = code_digest(), dict[tuple[str, str], str | None]()
    others = []
    for cell, record in measured:
        named, made_by = (cell.method, cell.classifier), record.get("environment") or {}
        if named not in own:
            own[named] = own_digest(cell)
        now = {"code": code, "own": own[named]}
        if any(made_by.get(name) not in (None, digest) for name, digest in now.items()):
            others.append(cell)
    return others


def _sources(module: str) -> set[Path]:
    """The files that stand for a module; none of this package, or of a module that is no file."""
    try:
        spec = None if module.partition(".")[0] == "carla_genre" else find_spec(module)
    except (ImportError, AttributeError, ValueError):  # a parent that is no package, or cannot be imported
        spec = None
    if spec is None or not spec.has_location or not str(spec.origin).endswith(".py"):
        return set()
    file = Path(str(spec.origin))
    return (
        set(file.parent.rglob("*.py"))
        if "." in module or spec.submodule_search_locations
        else _with_beside(file)
    )


def _with_beside(file: Path) -> set[Path]:
    """A module that lies alone, with those beside it that it imports, and they."""
    found, left = set[Path](), [file]
    while left:
        one = left.pop()
        if one in found or not one.is_file():
            continue
        found.add(one)
        try:
            parts = list(ast.walk(ast.parse(one.read_bytes())))
        except (SyntaxError, ValueError):  # beside, and never imported
            continue
        for node in parts:
            if isinstance(node, ast.Import):
                left += [file.with_name(f"{alias.name}.py") for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                left.append(file.with_name(f"{node.module}.py"))
    return found


def commit() -> str:
    """The checkout's commit, with ``+`` where tracked files differ from it; an installed package has none."""
    root = PACKAGE.parent
    if not (root / ".git").exists():
        return "unknown"
    try:
        name = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=True
        ).stdout.strip()
        changed = subprocess.run(["git", "diff", "--quiet", "HEAD"], cwd=root, check=False).returncode
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return name + ("+" if changed else "")


def codes_of(records: Iterable[Mapping[str, Any]]) -> str:
    """The codes that measured some records, by their commits; several are separated by commas.

    Two records are of one code where they have the same digest, or, of older ones without a digest, the same commit;
    and the same digest of one's own sources, where those of a method or a classifier of one's own were in it.
    """
    found: dict[tuple[str, str], str] = {}
    for record in records:
        environment = record.get("environment") or {}
        name = str(environment.get("commit", "unknown"))
        short = name[:7] + ("+" if name.endswith("+") else "")
        digest, own = environment.get("code"), environment.get("own")
        remarks = "; ".join([*filter(None, [digest]), *([f"own {own}"] if own else [])])
        if "error" not in record:
            found.setdefault((digest or name, own or ""), f"{short} ({remarks})" if remarks else short)
    return ", ".join(sorted(found.values()))


def mark_of(codes: str) -> str:
    """What follows the seeds of a row: the mark if :func:`codes_of` has several, else nothing."""
    return f" {MARK}" if ", " in codes else ""


def notes_on_code(rows: Iterable[tuple[str, str, str]]) -> list[str]:
    """The foot of a table: a line for all rows that are of the same several codes, which names them if need be.

    A row is its data set, its name, and what :func:`codes_of` says of its records.
    """
    mixed: dict[str, dict[str, dict[str, None]]] = {}
    for data, name, codes in rows:
        if mark_of(codes):
            mixed.setdefault(codes, {}).setdefault(data, {})[name] = None
    lines = []
    for codes, of_data in mixed.items():
        named = ". ".join(f"{data}: {'; '.join(names)}" for data, names in of_data.items())
        which = f": {named}" if len(mixed) > 1 else ""
        lines.append(f"- {MARK} seeds measured by different code, commits {codes}{which}")
    return lines
