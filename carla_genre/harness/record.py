"""Records: one JSON a measurement, whole or absent, that says where it was taken and by what code."""

from __future__ import annotations

import datetime
import json
import os
import platform
import sys
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carla_genre.errors import InputError
from carla_genre.evaluation.environment import versions
from carla_genre.harness.code import code_digest, commit
from carla_genre.harness.rows import split, write_rows
from carla_genre.io import write_text

if TYPE_CHECKING:
    from carla_genre.harness.cell import Cell


def environment() -> dict[str, Any]:
    """Versions, hardware, commit, digest of the code and time, in JSON's types."""
    import torch

    return {
        "versions": versions(),
        "hardware": {
            "machine": platform.machine(),
            "system": platform.system(),
            "processor": _processor(),
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "torch threads": torch.get_num_threads(),
            "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        },
        "commit": commit(),
        "code": code_digest(),
        "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }


def write(path: Path, settings: Mapping[str, Any], figures: Mapping[str, Any]) -> None:
    """Write one run: its settings, what it measured and where, as JSON; the folder is made."""
    record = {"settings": dict(settings), "figures": dict(figures), "environment": environment()}
    write_text(path, json.dumps(record, indent=2) + "\n")


def failure(cell: Cell, error: BaseException) -> dict[str, Any]:
    """The record of a cell that could not be measured."""
    return {
        "cell": asdict(cell),
        "key": cell.key,
        "error": {
            "type": type(error).__name__,
            "message": " ".join(str(error).split()),
            "traceback": [_without_folders(line) for line in traceback.format_exception(error)[-6:]],
        },
        "environment": environment(),
    }


def _without_folders(line: str) -> str:
    """A traceback's line with files as Python imports them: where they lie on this machine is nobody's business."""
    for folder in sorted(filter(None, sys.path), key=len, reverse=True):
        line = line.replace(f'File "{folder}{os.sep}', 'File "')
    return line


def write_record(path: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """Write a cell's record: its JSON is whole or absent, whenever and by whomever this is interrupted.

    Gives what the JSON has: all but the rows, which are in a Parquet file of the same name.
    """
    plain, rows = split(record)
    if rows is not None:  # before the JSON, with which a cell is finished
        write_rows(path.with_suffix(".parquet"), rows)
    write_text(path, _json(plain) + "\n")
    return plain


def read_record(path: Path) -> dict[str, Any]:
    """A cell's record; InputError where the file is not one."""
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is no record of a benchmark, remove it: {error}") from error
    cell = record.get("cell") if isinstance(record, dict) else None
    if not isinstance(cell, dict) or not {"data", "seed", "label"} <= set(cell) or "key" not in record:
        raise InputError(f"{path} is no record of a benchmark, remove it: it has no cell")
    return record


def flat(value: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Nested mappings as one, the way to a value joined by dots; an empty mapping is a value."""
    parts: dict[str, Any] = {}
    for name, item in value.items():
        if isinstance(item, Mapping) and item:
            parts.update(flat(item, f"{above}{name}."))
        else:
            parts[f"{above}{name}"] = item
    return parts


def _json(value: Any, indent: str = "") -> str:
    """JSON with a line for each key, and a list of any length on the line of its key."""
    if not isinstance(value, Mapping) or not value:
        return json.dumps(value)
    deeper = indent + " "
    lines = [f"{deeper}{json.dumps(str(key))}: {_json(item, deeper)}" for key, item in value.items()]
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor()
