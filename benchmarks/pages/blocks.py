"""What makes the text of each kind of block: a function of the repository's root and the block's arguments."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.paper import table2
from benchmarks.paper.score import published, table
from carla_genre.errors import InputError
from carla_genre.harness.record import read_record

ROOT = Path(__file__).resolve().parents[2]
NAMES = {"adult": "Adult", "compas": "COMPAS", "heloc": "HELOC"}
# Settings of a timing that its row has elsewhere.
NOT_TOLD = {"presets", "runs"}


def read(path: Path) -> Any:
    """A JSON of benchmarks/results.

    Raises
    ------
    InputError
        There is none, or it is broken.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is no JSON that can be read: {error}") from error


def value(root: Path, file: str, keys: str, form: str) -> str:
    """One number in a sentence: ``keys`` lead to it, separated by dots; ``form`` is Python's format."""
    found = read(root / file)
    for key in keys.split("."):
        try:
            found = found[int(key) if isinstance(found, list) else key]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            there = ", ".join(found) if isinstance(found, dict) else f"{type(found).__name__}"
            raise InputError(f"{file} has no {keys!r}: at {key!r} there is only {there}") from error
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise InputError(f"{file}: {keys!r} is no number but {found!r:.60}")
    return format(found, form)


def scores(root: Path, file: str) -> str:
    """A record of benchmarks.paper.score: every method of every data set, beside the paper's Score."""
    record, rows = read(root / file), []
    for row in table(record["settings"]).to_dict("records"):
        trains = row["method"].startswith("GenRe")
        rows.append(
            (
                NAMES[row["data"]],
                row["method"],
                *(f"{row[name]:.2f}" for name in ("Cost", "Val", "LOF", "Score", "paper")),
                f"{row['prepare s']:.0f}" if trains else "-",
                f"{row['answer s']:.2f}",
                row["violations"],
            )
        )
    head = (
        "data",
        "method",
        "Cost",
        "Val",
        "LOF",
        "Score",
        "paper",
        "training, s",
        "answers, s",
        "violations",
    )
    first, hardware = record["settings"][0], record["environment"]["hardware"]
    told = (
        f"{first['factuals']} people each, seed {first['seed']}, one run each; GenRe's preset "
        f"`{first['hyperparams']['preset']}`; {hardware['processor']}, {hardware['cores']} cores."
    )
    return f"{markdown(head, rows)}\n\n{told}"


def settings(root: Path, file: str) -> str:
    """How the protocol came out in a record of benchmarks.paper.score, beside the paper's accuracy of h."""
    accuracy, rows = published()["accuracy of h"], []
    for setting in read(root / file)["settings"]:
        checks, name = setting["checks"], setting["data"]
        counts = (f"{checks[key]:,}" for key in ("train rows", "test rows", "denied test rows"))
        rates = (f"{checks[f'positive rate {when}']:.3f}" for when in ("before", "after"))
        rows.append(
            (NAMES[name], *counts, *rates, f"{checks['test accuracy of h']:.2%}", f"{accuracy[name]:.2%}")
        )
    head = ("data", "train rows", "test rows", "of these denied", "positive before the draw", "after")
    return markdown((*head, "test accuracy of h", "the paper's"), rows)


def table_2(root: Path, folder: str, *data: str) -> str:
    """A folder of records beside the paper's table 2; of some data sets alone."""
    records = [read_record(path) for path in sorted((root / folder).glob("*_seed*.json"))]
    shown = [record for record in records if not data or record["cell"]["data"] in data]
    if not shown:
        raise InputError(f"{folder} has no records{' of ' + ', '.join(data) if data else ''}")
    return table2.markdown(table2.compared(shown))


def speed(root: Path, *files: str) -> str:
    """Records of benchmarks.speed: how many times faster ours is than the plain reference."""
    rows = []
    for file in files:
        record = read(root / file)
        figures = record["figures"]
        for name, ratio in {"": figures}.items() if "ratio" in figures else figures.items():
            settings = ", ".join(
                f"{key} {value}" for key, value in record["settings"].items() if key not in NOT_TOLD
            )
            script = Path(file).stem.removeprefix("speed_").removesuffix("_cpu")
            least, most = (f"{ratio[f'ratio_{end}']:.1f}" for end in ("min", "max"))
            told = f"{name}, {settings}" if name else settings
            rows.append((f"`{script}`", told, f"{ratio['ratio']:.1f}", f"{least} to {most}", ratio["runs"]))
    return markdown(("script", "settings", "times faster, median", "range", "runs"), rows)


def carla_suite(root: Path, file: str) -> str:
    """What fails of CARLA's own tests, grouped by what was raised."""
    groups: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name, test in read(root / file)["tests"].items():
        if test["outcome"] == "failed":
            function, _, case = name.partition("[")
            groups[test["reason"].partition(". ")[0].partition(" (<")[0]][function].append(case.rstrip("]"))
    rows = []
    for reason, functions in sorted(groups.items(), key=lambda group: -sum(map(len, group[1].values()))):
        shown = (f"`{name}`" + _cases(cases) for name, cases in functions.items())
        rows.append((sum(map(len, functions.values())), ", ".join(shown), f"`{reason}`"))
    return markdown(("fail", "tests", "what is raised"), rows)


def _cases(cases: Sequence[str]) -> str:
    named = [case for case in cases if case]
    return f" ({', '.join(named)})" if named else ""


def markdown(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines
    )


# Name of a block -> what makes it.
BLOCKS: dict[str, Callable[..., str]] = {
    "value": value,
    "scores": scores,
    "settings": settings,
    "table2": table_2,
    "speed": speed,
    "carla_suite": carla_suite,
}
