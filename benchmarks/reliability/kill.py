"""Work that is ended at random points and started again comes to what it comes to when it is left alone.

python -m benchmarks.reliability.kill --times 50

Each work is a process (a fork, so that libraries are loaded once): a training with a checkpoint, ``carla-genre
benchmark``, ``carla-genre recourse`` and ``carla-genre fit``. It is ended after a random time by SIGKILL and, the
next time, by SIGINT; then it is started again to the end. What is in its folder has to be, bit for bit, what the work
that was left alone has written, and nothing may lie beside it.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.command import command_parser, exit_status
from benchmarks.reliability.world import ARCHITECTURE, MODEL, QUICK, TRAINING, applicants, classifier
from carla_genre import GenRe, cli
from carla_genre.generator.checkpoint import load
from carla_genre.harness.record import write
from carla_genre.harness.rows import read_rows

# Temporary files of libraries, and what a work has printed.
_OF_OTHERS = ("told.txt", "matplotlib", f"torchinductor_{getpass.getuser()}")
SIGNALS = (signal.SIGKILL, signal.SIGINT)


@dataclass(frozen=True)
class Work:
    """Something that is ended and started again.

    Parameters
    ----------
    run : callable
        Desk and a folder of its own -> an exit status.
    result : callable
        The folder -> what it has come to; equal if the work was not disturbed.
    keeps : tuple of str
        Names of files and folders that may be left in its folder at the end.
    """

    run: Callable[[Path, Path], int]
    result: Callable[[Path], Any]
    keeps: tuple[str, ...]


def _train(desk: Path, out: Path) -> int:
    """A training with a checkpoint, saved at the end."""
    training = {
        **TRAINING,
        "steps": 300,
        "evaluations": 60,
        "patience": 0,
        "checkpoint": str(out / "state.pt"),
    }
    given = {"selection": "validity", "training": training, "architecture": ARCHITECTURE, "verbose": False}
    GenRe(classifier(), given).save(out / "g.safetensors")
    return 0


def _benchmark(desk: Path, out: Path) -> int:
    words = [desk / "grid.yaml", "--results", out / "results", "--cache", desk / "cache"]
    return cli.main(["benchmark", *map(str, words)])


def _recourse(desk: Path, out: Path) -> int:
    words = [desk / "people.parquet", "--generator", desk / "loans.genre", "--model", MODEL]
    words += ["--table", desk / "rows.parquet", "--n", "2", "--out", out / "options.csv"]
    return cli.main(["recourse", *map(str, words)])


def _fit(desk: Path, out: Path) -> int:
    words = [desk / "rows.parquet", "--model", MODEL, "--target", "approved", "--desired", "1"]
    words += ["--config", desk / "recourse.yaml", "--out", out / "loans.genre"]
    return cli.main(["fit", *map(str, words)])


def _generator(out: Path) -> bytes:
    """The weights; the file also says when and where its checkpoint was."""
    generator = load(out / "g.safetensors", "cpu")[0]
    return b"".join(part.detach().numpy().tobytes() for part in generator.parameters())


def _records(out: Path) -> Any:
    kept = ("cell", "key", "scores", "hyperparams")
    records = [json.loads(path.read_text()) for path in sorted((out / "results").glob("*_seed*.json"))]
    return [{name: record.get(name) for name in kept} for record in records], read_rows(
        out / "results"
    ).to_csv()


def _options(out: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(out.glob("options*"))]


def _fitted(out: Path) -> tuple[list[str], bytes]:
    folder = out / "loans.genre"
    generator = load(folder / "generator.safetensors", "cpu")[0]
    weights = b"".join(part.detach().numpy().tobytes() for part in generator.parameters())
    return sorted(path.name for path in folder.iterdir()), weights


WORKS: Mapping[str, Work] = {
    "training": Work(_train, _generator, ("g.safetensors",)),
    "benchmark": Work(_benchmark, _records, ("results",)),
    "recourse": Work(_recourse, _options, ("options.csv", "options.unanswered.csv")),
    "fit": Work(_fit, _fitted, ("loans.genre",)),
}


def make_desk(desk: Path) -> None:
    """The files that the works read."""
    applicants(300, 1).to_csv(desk / "loans.csv", index=False)
    applicants(600, 2).drop(columns="approved").to_parquet(desk / "people.parquet", row_group_size=20)
    applicants(600, 3).to_parquet(desk / "rows.parquet", row_group_size=100)
    methods = {"CopyFactual": None, "near": {"method": "NNR"}}
    table = {"name": "loans", "csv": "loans.csv", "target": "approved", "immutables": ["age"]}
    grid = {"data": [table], "seeds": [0], "people": 5, "retrained": 0, "recourse_methods": methods}
    (desk / "grid.yaml").write_text(yaml.safe_dump(grid))
    training = {**TRAINING, "steps": 200, "evaluations": 40, "patience": 0}
    (desk / "recourse.yaml").write_text(yaml.safe_dump({"hyperparams": {**QUICK, "training": training}}))
    with _started(WORKS["fit"], desk, desk) as process:
        process.join()


def ended(work: Work, desk: Path, out: Path, after: float, how: signal.Signals) -> bool:
    """Start a work and end it after some seconds; whether it was still at work."""
    with _started(work, desk, out) as process:
        process.join(after)
        if not process.is_alive():
            return False
        os.kill(process.pid, how)
        process.join(120)
        return True


@contextlib.contextmanager
def _started(work: Work, desk: Path, out: Path) -> Iterator[Any]:
    """Its process, with a folder for temporary files of its own; ended whatever happens."""
    (out / "tmp").mkdir(parents=True, exist_ok=True)
    process = multiprocessing.get_context("fork").Process(target=_at_work, args=(work, desk, out))
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def _at_work(work: Work, desk: Path, out: Path) -> None:
    os.chdir(out)
    os.environ["TMPDIR"], tempfile.tempdir = str(out / "tmp"), None
    with (out / "tmp" / "told.txt").open("a") as told:
        os.dup2(told.fileno(), 1)
        os.dup2(told.fileno(), 2)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os._exit(work.run(desk, out))  # as a process of its own: what its caller has to clean is its caller's


def whole(work: Work, desk: Path, out: Path) -> tuple[Any, float]:
    """A work to its end: what it has come to, and how many seconds it took."""
    start = time.perf_counter()
    with _started(work, desk, out) as process:
        process.join(600)
        if process.exitcode:
            told = (out / "tmp" / "told.txt").read_text()
            raise AssertionError(f"it ends with {process.exitcode}: {told[-2000:]}")
    return work.result(out), time.perf_counter() - start


def leftovers(work: Work, out: Path) -> list[str]:
    """What lies in a work's folder and is no part of what it has come to."""
    inside = [path for path in out.rglob("*") if path.is_file() and path.name.endswith(".part")]
    beside = [path for path in out.iterdir() if path.name not in (*work.keeps, "tmp")]
    temporary = [path for path in (out / "tmp").iterdir() if path.name not in _OF_OTHERS]
    return sorted(str(path.relative_to(out)) for path in {*inside, *beside, *temporary})


def measure(name: str, desk: Path, scratch: Path, times: int, seed: int) -> dict[str, Any]:
    """A row of figures of one work."""
    work, chance = WORKS[name], random.Random(seed)
    whole(work, desk, scratch / "first")  # fills the cache of classifiers
    alone, seconds = whole(work, desk, scratch / "alone")
    row: dict[str, Any] = {"times": times, "seconds_alone": round(seconds, 1), "ended": {}, "equal": 0}
    row["left"] = {}
    for number in range(times):
        out, how = scratch / str(number), SIGNALS[number % len(SIGNALS)]
        if ended(work, desk, out, chance.uniform(0.05, 0.9) * seconds, how):
            row["ended"][how.name] = row["ended"].get(how.name, 0) + 1
        try:
            again = whole(work, desk, out)[0]
            row["equal"] += int(alone == again)
            if alone != again:
                print(f"{name}, {number}: {how.name}: another result", flush=True)
        except AssertionError as error:
            print(f"{name}, {number}: {how.name}: {error}", flush=True)
        for path in leftovers(work, out):
            row["left"][path] = row["left"].get(path, 0) + 1
    print(name, row, flush=True)
    return row


def _run(options: argparse.Namespace) -> int:
    broken = False
    with tempfile.TemporaryDirectory(prefix="carla-genre-kill-") as folder:
        desk = Path(folder) / "desk"
        desk.mkdir()
        make_desk(desk)
        for name in options.only or WORKS:
            scratch = Path(folder) / name
            row = measure(name, desk, scratch, options.times, options.seed)
            broken |= row["equal"] < row["times"] or bool(row["left"])
            if options.json:
                settings = {"work": name, "times": options.times, "seed": options.seed}
                write(options.json / f"kill_{name}.json", settings, row)
    return int(broken)


def main(arguments: Sequence[str] | None = None) -> int:
    """End and start again; the exit status is 1 where something was lost or left."""
    parser = command_parser("reliability.kill", __doc__)
    parser.add_argument("--times", type=int, default=50, help="how often each work is ended (50)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (0)")
    parser.add_argument("--only", nargs="+", choices=list(WORKS), default=[], help="these works alone")
    parser.add_argument("--json", type=Path, metavar="DIR", help="write a record of each work")
    options = parser.parse_args(arguments)
    return exit_status("reliability.kill", lambda: _run(options))


if __name__ == "__main__":
    sys.exit(main())
