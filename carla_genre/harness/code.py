"""Which code made a record, and the mark of a row whose figures come from several."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

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

    Two records are of one code where they have the same digest, or, of older ones without a digest, the same commit.
    """
    found: dict[str, str] = {}
    for record in records:
        environment = record.get("environment") or {}
        name = str(environment.get("commit", "unknown"))
        short = name[:7] + ("+" if name.endswith("+") else "")
        digest = environment.get("code")
        if "error" not in record:
            found.setdefault(digest or name, f"{short} ({digest})" if digest else short)
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
