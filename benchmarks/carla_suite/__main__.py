"""Run CARLA's own tests, or its notebooks, under carla_genre: ``python -m benchmarks.carla_suite CHECKOUT``.

CHECKOUT is a checkout of CARLA's repository; nothing of it is copied or changed. What the tests write (data,
classifiers, autoencoders) goes into a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.carla_suite.plugin import RECORD_VARIABLE
from carla_genre.harness.record import environment

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None) -> int:
    """Run the tests, print the counts and what failed, and write the record."""
    options = _parser().parse_args(arguments)
    if not (options.checkout / "test").is_dir() or not (options.checkout / "carla").is_dir():
        print(
            f"{options.checkout} is no checkout of CARLA: it needs the folders carla and test",
            file=sys.stderr,
        )
        return 2
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        variables = _variables(options, Path(folder))
        run = _run_notebooks if options.notebooks else _run_tests
        record = run(options, variables, Path(folder))
    if record is None:
        return 2
    seconds = round(time.monotonic() - start, 1)
    record = {"counts": _counts(record), "seconds": seconds, **record, **environment()}
    if options.output is not None:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(record, indent=1) + "\n")
    _print(record)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.carla_suite", description=__doc__)
    parser.add_argument(
        "checkout",
        type=Path,
        nargs="?",
        default=os.environ.get("CARLA_HEAD", "."),
        help="a checkout of CARLA's repository (default: CARLA_HEAD)",
    )
    parser.add_argument(
        "--data", type=Path, help="folder of CARLA's CSV files (default: CF_DATA, else download)"
    )
    parser.add_argument(
        "--models", type=Path, help="folder of published classifiers (default: as for --data)"
    )
    parser.add_argument("--output", type=Path, help="where the record goes, a JSON file")
    parser.add_argument(
        "--notebooks", action="store_true", help="the notebooks of docs/source in place of the tests"
    )
    parser.add_argument("--installed", action="store_true", help="with the CARLA that is installed")
    parser.add_argument(
        "-k",
        dest="expression",
        default="",
        help="run only these tests (pytest's -k), or notebooks (part of the name)",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="show each failure's traceback")
    return parser


def _variables(options: argparse.Namespace, folder: Path) -> dict[str, str]:
    """The environment of a run: copies of the data and classifiers, the checkout's CARLA or the installed one."""
    variables = dict(os.environ)
    for variable, given in (("CF_DATA", options.data), ("CF_MODELS", options.models)):
        source = given or (Path(os.environ[variable]) if variable in os.environ else None)
        variables[variable] = str(folder / variable)
        if source is not None and source.is_dir():
            shutil.copytree(source, folder / variable, copy_function=shutil.copyfile)
            for copied in (folder / variable, *(folder / variable).rglob("*")):
                copied.chmod(0o755)
    checkout = [] if options.installed else [str(options.checkout.resolve())]
    paths = [str(ROOT), *checkout, variables.get("PYTHONPATH", "")]
    variables["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    variables["PYTHONDONTWRITEBYTECODE"] = "1"
    (folder / "work").mkdir()
    variables["HOME"] = str(folder / "work")
    return variables


def _run_notebooks(options: argparse.Namespace, variables: dict[str, str], folder: Path) -> dict[str, Any]:
    """Run each notebook in a process of its own, on a copy of its folder; what each has recorded."""
    work = folder / "notebooks"
    shutil.copytree(options.checkout / "docs" / "source" / "notebooks", work)
    record: dict[str, Any] = {"tests": {}, "notebooks": {}}
    for notebook in sorted(work.glob(f"*{options.expression}*.ipynb".replace("**", "*"))):
        written = folder / f"{notebook.stem}.json"
        command = [sys.executable, "-m", "benchmarks.carla_suite.notebooks", notebook.name, str(written)]
        subprocess.run(command, cwd=work, env={"MPLBACKEND": "agg", **variables}, check=False)
        found = json.loads(_anonymous(written, options, folder)) if written.exists() else {"cells": {}}
        record["carla"] = found.pop("carla", None)
        cells, record["notebooks"][notebook.stem] = found.pop("cells"), found
        for number, outcome in cells.items():
            passed = outcome == "passed"
            test = {"outcome": outcome} if passed else {"outcome": "failed", "reason": outcome}
            record["tests"][f"{notebook.name}[{number}]"] = test
    return record


def _anonymous(file: Path, options: argparse.Namespace, folder: Path) -> str:
    """What a file says, without the places of this machine."""
    return (
        file.read_text().replace(f"{folder}{os.sep}", "").replace(str(options.checkout.resolve()), "CHECKOUT")
    )


def _run_tests(options: argparse.Namespace, variables: dict[str, str], folder: Path) -> dict[str, Any] | None:
    """Run pytest on the tests in a process of its own; what it recorded, or None where it recorded nothing."""
    record, tests = folder / "record.json", (options.checkout / "test").resolve()
    variables[RECORD_VARIABLE] = str(record)
    command = [sys.executable, "-m", "pytest", str(tests), "-p", "benchmarks.carla_suite.plugin"]
    command += ["-p", "no:cacheprovider", "--rootdir", str(tests), "-c", os.devnull, "-k", options.expression]
    command += [
        "--disable-warnings",
        "-q",
        "--durations=8",
        f"--tb={'long' if options.verbose else 'no'}",
        "--no-header",
    ]
    finished = subprocess.run(command, cwd=folder / "work", env=variables, check=False)
    if not record.exists():
        print(f"pytest ended with {finished.returncode} and recorded nothing", file=sys.stderr)
        return None
    outcomes: dict[str, Any] = json.loads(_anonymous(record, options, folder))
    return outcomes


def _counts(record: dict[str, Any]) -> dict[str, int]:
    return dict(Counter(test["outcome"] for test in record["tests"].values()))


def _print(record: dict[str, Any]) -> None:
    print(f"\nCARLA at {record['carla']}")
    for name, test in record["tests"].items():
        if test["outcome"] != "passed":
            print(f"{test['outcome']} {name}: {test['reason']}")
    print(f"{record['counts']} of {len(record['tests'])} in {record['seconds']} s")


if __name__ == "__main__":
    sys.exit(main())
