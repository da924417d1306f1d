"""Command lines of ``carla-genre`` with a word too many, too few or other than it should be."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Iterator
from functools import partial
from typing import Any
from unittest import mock

from hypothesis import strategies as st

from benchmarks.reliability.file_surfaces import Desk
from benchmarks.reliability.odd import Draw
from benchmarks.reliability.world import MODEL
from carla_genre import cli
from carla_genre.errors import InputError
from carla_genre.harness import command as benchmark
from carla_genre.harness import run_grid
from carla_genre.harness.record import failure

# What is wrong in most places. Nothing here is merely slow, starts processes or is written over.
_WORDS = (
    *(
        "",
        " ",
        "-",
        "--",
        "-1",
        "0",
        "1.5",
        "nan",
        "inf",
        "-inf",
        "1e400",
        "99999999999999999999",
        "x",
        "x=y",
        "=",
    ),
    *(
        "--nobody",
        "--help",
        "--quick",
        "--strict",
        "--version",
        "--html",
        "--config",
        "--out",
        "--only",
        "--seeds",
    ),
    *("nobody.parquet", "~nosuchuser/x", "/proc/nobody/x", ".", "..", "*", "[", "ä\udcff", "a\nb", "a" * 300),
    *("os:getcwd", "os:nobody", "nobody:f", "json:dumps", ":", "builtins:object", "a:b:c", MODEL),
    *("seed=-1", "seed=x", "seed=1e99", "n_samples=0", "n_samples=3", "selection=cheapest", "gamma=.nan"),
    *("constraints={income: {range: [1, 0]}}", "constraints=1", "training.steps=[", "training=1", "a.b.c=1"),
    *("device=nobody", "device=cuda:99", "warm_start=nobody", "preset=[paper]", "threads=-1", "risk=2"),
    *("adult", "nobody", "approved", "income", "CopyFactual", "near", "loans"),
)


def command_lines(desk: Desk, draw: Draw) -> str:
    """A command is run in this process: it exits with 0, 1 or 2 and tells why in a line, without a traceback."""
    name = draw(st.sampled_from(("fit", "recourse", "benchmark", "report", "demo", "doctor", "nobody")))
    with tempfile.TemporaryDirectory(dir=desk.folder) as folder, _in(folder):
        words = _usual(name, desk)
        for _ in range(draw(st.sampled_from((0, 1, 1, 2)))):
            words = _changed(words, [*_WORDS, *map(str, desk.files.values())], draw)
        told = io.StringIO()
        with _without_measuring(), contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
            try:
                status = cli.main([name, *words])
            except SystemExit as ended:  # of argparse
                status = ended.code if isinstance(ended.code, int) else 2
    assert status in (0, 1, 2), status
    assert status != 1 or name == "benchmark" or "--strict" in words
    assert "Traceback" not in told.getvalue()
    assert told.getvalue().strip(), "it says nothing"
    return f"exit {status}"


def _usual(name: str, desk: Desk) -> list[str]:
    """What is right for a command; but for the demo, which takes a minute where it is right."""
    files = {kind: str(path) for kind, path in desk.files.items()}
    return {
        "fit": [
            *(files["training rows"], "--model", MODEL, "--target", "approved", "--desired", "1"),
            *("--config", files["settings"], "--out", "loans.genre"),
        ],
        "recourse": [
            *(files["people"], "--generator", str(desk.saved), "--model", MODEL),
            *("--out", "options.csv"),
        ],
        "benchmark": [files["grid"], "--results", "results", "--cache", "cache"],
        "report": [str(desk.measured), "--out", "report.html"],
        "demo": ["--data", "nobody.csv", "--quick"],
    }.get(name, [])


def _changed(words: list[str], odd: list[str], draw: Draw) -> list[str]:
    place, word = draw(st.integers(0, len(words))), draw(st.sampled_from(odd))
    if "nobody.csv" in words[place : place + 1]:  # the demo's
        return words
    kind = draw(st.sampled_from(("replace", "replace", "insert", "remove", "repeat")))
    if kind == "insert":
        return [*words[:place], word, *words[place:]]
    middle = {"replace": [word], "remove": [], "repeat": words[place : place + 1] * 2}[kind]
    return [*words[:place], *middle, *words[place + 1 :]]


@contextlib.contextmanager
def _in(folder: str) -> Iterator[None]:
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextlib.contextmanager
def _without_measuring() -> Iterator[None]:
    """Of a benchmark, all but the measuring of its cells, which fails at once."""

    def refuse(cell: Any, *arguments: Any, **options: Any) -> Any:
        return failure(cell, InputError("not measured here"))

    with mock.patch.object(benchmark, "run_grid", partial(run_grid, measure_one=refuse)):
        yield
