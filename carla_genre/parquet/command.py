"""The commands `carla-genre train` and `carla-genre answer`; `--help` explains their options."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import Any

import yaml

from carla_genre.errors import InputError
from carla_genre.harness.command import find_own_modules
from carla_genre.io import check_writable
from carla_genre.methods.genre.method import GenRe
from carla_genre.parquet.answering import answer_parquet
from carla_genre.parquet.job import load_classifier
from carla_genre.parquet.training import ParquetRows


def train(options: Namespace) -> None:
    """Train a generator, save it, and say how long that took."""
    source = None
    if options.source is not None:
        source = ParquetRows(options.source, options.positive, options.at_most)
    elif options.positive is not None or options.at_most is not None:
        raise InputError("--positive and --at-most are about the Parquet files of --in, which are not given")
    hyperparams = settings(options.set)
    if source and GenRe.options_for(hyperparams).selection == "expected" and not options.with_training_rows:
        raise InputError(
            "the rule 'expected' needs training rows when it answers, and those of --in are not in the classifier's "
            "data: keep up to 50,000 of them in the file by --with-training-rows, or give --set selection=cheapest"
        )
    check_writable(options.out)
    find_own_modules()
    genre = GenRe(load_classifier(options.classifier), hyperparams, source)
    genre.save(options.out, options.with_training_rows)
    steps = {"pairs": "pairs", "training": "trained", "selector": "selector"}
    took = [
        f"{label} in {genre.seconds[step]:.1f} s" for step, label in steps.items() if step in genre.seconds
    ]
    print(f"written: {options.out}, {', '.join(took)}")


def answer(options: Namespace) -> None:
    """Answer all rows, and say how many got an answer."""
    find_own_modules()
    counts = answer_parquet(
        options.generator,
        options.classifier,
        options.source,
        options.out,
        index=options.index,
        scores=options.scores,
        sampling=settings(options.set),
        workers=options.workers,
        cluster=options.cluster,
    )
    print(
        f"written: {options.out}, of {sum(counts):,} rows {counts.answers:,} are answered, {counts.accepted:,} are "
        f"accepted as they are, {counts.failures:,} have no answer"
    )


def settings(given: Sequence[str]) -> dict[str, Any]:
    """``["a=1", "b.c=x"]`` as ``{"a": 1, "b": {"c": "x"}}``; values are read as YAML."""
    found: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        *groups, last = name.split(".")
        inner = found
        for group in groups:
            inner = inner.setdefault(group, {}) if isinstance(inner, dict) else {}
        if not equals or not isinstance(inner, dict) or last in inner:
            raise InputError(
                f"--set {text!r}: expected NAME=VALUE, each name once, those of a group as GROUP.NAME"
            )
        try:
            inner[last] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise InputError(f"--set {text!r}: {value!r} cannot be read: {error}") from error
    return found
