"""One table of all timings, in Markdown, from their JSONs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from carla_genre.errors import InputError
from carla_genre.harness.markdown import markdown_table, number

HEAD = (
    *("what, against what", "settings", "ours", "reference", "times faster, median (least - most)", "runs"),
    *("peak MB, ours / reference", "besides"),
)
# Keys of a row that have a column of their own.
IN_COLUMNS = {
    *("ours_s", "ours_s_min", "ours_s_max", "reference_s", "ratio", "ratio_min", "ratio_max", "runs"),
    *("ours_peak_mb", "reference_peak_mb"),
}
# Settings that a row has elsewhere: in a column, or in its title.
NOT_TOLD = {"runs", "data", "methods", "presets"}
UNITS = ((3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


@dataclass(frozen=True)
class Timing:
    """One module's JSON.

    Attributes
    ----------
    name : str
        Of the module.
    settings : mapping
    figures : mapping
        A row's title -> its numbers.
    environment : mapping
        As :func:`carla_genre.harness.record.environment` has it.
    """

    name: str
    settings: Mapping[str, Any]
    figures: Mapping[str, Mapping[str, float]]
    environment: Mapping[str, Any]


def read_timing(path: Path) -> Timing:
    """Read ``NAME_cpu.json`` or ``NAME_cuda.json``.

    Raises
    ------
    InputError
        The file is no timing.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        figures = record["figures"]
        for row in figures.values():
            row["ours_s"], row["runs"]  # a row has these at least
        return Timing(path.stem.rpartition("_")[0], record["settings"], figures, record["environment"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} is no timing: {error!r}; python -m benchmarks.speed.NAME --json FILE writes one"
        ) from error


def read_timings(folder: Path, order: Sequence[str] = ()) -> list[Timing]:
    """All timings of a folder, those of ``order`` first.

    Raises
    ------
    InputError
        There are none.
    """
    found = [read_timing(path) for path in sorted(folder.glob("*_c*.json"))]
    if not found:
        raise InputError(f"{folder} has no timings: python -m benchmarks.speed measures them")
    return sorted(found, key=lambda timing: order.index(timing.name) if timing.name in order else len(order))


def markdown(timings: Iterable[Timing]) -> str:
    """Where they were measured, and the table."""
    timings = list(timings)
    rows = [_line(timing, title, row) for timing in timings for title, row in timing.figures.items()]
    return "\n".join([*_circumstances(timings), "", markdown_table(HEAD, rows)])


def _line(timing: Timing, title: str, row: Mapping[str, float]) -> list[str]:
    settings = {name: value for name, value in timing.settings.items() if name not in NOT_TOLD}
    besides = {name: value for name, value in row.items() if name not in IN_COLUMNS}
    return [
        f"`{timing.name}`, {title}",
        ", ".join(f"{name.replace('_', ' ')} {_plain(value)}" for name, value in settings.items()),
        _duration(row["ours_s"]) + _range(row),
        _duration(row.get("reference_s")),
        _ratio(row),
        f"{row['runs']}",
        " / ".join(number(row[key], 0) for key in ("ours_peak_mb", "reference_peak_mb") if key in row) or "-",
        ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in besides.items()) or "-",
    ]


def _plain(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _range(row: Mapping[str, float]) -> str:
    if "ours_s_min" not in row:
        return ""
    return f" ({_duration(row['ours_s_min'])} - {_duration(row['ours_s_max'])})"


def _ratio(row: Mapping[str, float]) -> str:
    if "ratio" not in row:
        return "-"
    middle, least, most = (_three_digits(row[key]) for key in ("ratio", "ratio_min", "ratio_max"))
    return f"{middle} ({least} - {most})"


def _duration(seconds: float | None) -> str:
    """Three digits and the unit that suits."""
    if seconds is None:
        return "-"
    size, unit = next((unit for unit in UNITS if seconds >= unit[0]), UNITS[-1])
    return f"{_three_digits(seconds / size)} {unit}"


def _three_digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _circumstances(timings: Iterable[Timing]) -> list[str]:
    """One line for each machine, state of the code and set of versions, with the names of what was measured there."""
    places: dict[str, list[str]] = {}
    for timing in timings:
        hardware, versions = timing.environment["hardware"], timing.environment["versions"]
        processor = (
            f"{hardware['cores']} cores of {hardware['processor']}, torch on {hardware['torch threads']}"
        )
        machine = f"{hardware['gpu']}, {processor}" if hardware["gpu"] else processor
        packages = ", ".join(f"{name} {version}" for name, version in versions.items())
        places.setdefault(f"{machine}; {packages}", []).append(f"`{timing.name}`")
    return [f"- {', '.join(names)}: {place}." for place, names in places.items()]
