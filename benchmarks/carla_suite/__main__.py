"""Run CARLA's own tests under carla_genre: ``python -m benchmarks.carla_suite CHECKOUT``.

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
    tests = options.checkout / "test"
    if not tests.is_dir() or not (options.checkout / "carla").is_dir():
        print(
            f"{options.checkout} is no checkout of CARLA: it needs the folders carla and test",
            file=sys.stderr,
        )
        return 2
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        record = _run(options, tests.resolve(), Path(folder))
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
    parser.add_argument("checkout", type=Path, help="a checkout of CARLA's repository")
    parser.add_argument(
        "--data", type=Path, help="folder of CARLA's CSV files (default: CF_DATA, else download)"
    )
    parser.add_argument(
        "--models", type=Path, help="folder of published classifiers (default: as for --data)"
    )
    parser.add_argument("--output", type=Path, help="where the record goes, a JSON file")
    parser.add_argument("-k", dest="expression", default="", help="run only these tests (pytest's -k)")
    parser.add_argument("-v", "--verbose", action="store_true", help="show each failure's traceback")
    return parser


def _run(options: argparse.Namespace, tests: Path, folder: Path) -> dict[str, Any] | None:
    """Run pytest on the tests in a process of its own; what it recorded, or None where it recorded nothing."""
    record, work = folder / "record.json", folder / "work"
    work.mkdir()
    variables = dict(os.environ)
    for variable, given in (("CF_DATA", options.data), ("CF_MODELS", options.models)):
        source = given or (Path(os.environ[variable]) if variable in os.environ else None)
        variables[variable] = str(folder / variable)
        if source is not None:
            shutil.copytree(source, folder / variable, copy_function=shutil.copyfile)
            for copied in (folder / variable, *(folder / variable).rglob("*")):
                copied.chmod(0o755)
    paths = [str(ROOT), str(options.checkout.resolve()), variables.get("PYTHONPATH", "")]
    variables["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    variables["PYTHONDONTWRITEBYTECODE"] = "1"
    variables["HOME"] = str(work)
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
    finished = subprocess.run(command, cwd=work, env=variables, check=False)
    if not record.exists():
        print(f"pytest ended with {finished.returncode} and recorded nothing", file=sys.stderr)
        return None
    written = (
        record.read_text()
        .replace(f"{folder}{os.sep}", "")
        .replace(str(options.checkout.resolve()), "CHECKOUT")
    )
    return json.loads(written)


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
