"""GenRe's whole training, against the paper's network and its 2000 epochs, extrapolated from measured steps.

python -m benchmarks.speed.training --root FOLDER --data compas heloc adult

Ours is the default preset in full: h asked about the training rows, pairs, training; once as the paper's rule of
choosing needs it, and once as GenRe's default does, with its selector. The reference is
benchmarks/speed/reference.py: a step of a full batch is timed, and its length is that of 2000 epochs over all sources
in such batches (the paper trains Adult in batches of 16384, which take more memory than a laptop has). They take
turns, each in a process of its own, so that the peak of memory is each one's own, libraries and data included.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import numpy as np
import pandas as pd
import torch
from joblib import wrap_non_picklable_objects

from benchmarks.speed.alternate import compared, seconds
from benchmarks.speed.command import finish, parse, timing_parser
from benchmarks.speed.reference import BATCH, EPOCHS, LAYERS, Reference, ReferenceTraining
from benchmarks.speed.settings import add_data, add_setting, setting
from carla_genre.blackbox import model_probability
from carla_genre.evaluation.environment import peak_memory_mb
from carla_genre.generator.config import PAPER
from carla_genre.generator.pairing.pairs import find_pairs, split_rows
from carla_genre.methods.core.device import choose_device
from carla_genre.methods.genre.method import GenRe
from carla_genre.protocol import Setting
from carla_genre.schema import Schema
from carla_genre.threads import processor_threads

# The end of a row's title -> what chooses among the candidates.
RULES: Mapping[str, Mapping[str, Any]] = {"": {"selection": "validity"}, ", by expected Score": {}}


@dataclass(frozen=True)
class Batch:
    """What a step of the reference is taken on.

    Attributes
    ----------
    sources : ndarray (B, D)
        The first of D_h-, a full batch of them where there are so many.
    targets : ndarray (n, D)
        D_h+.
    immutable : ndarray (D,), bool
    n_sources : int
        Rows of D_h-.
    """

    sources: np.ndarray
    targets: np.ndarray
    immutable: np.ndarray
    n_sources: int

    @property
    def steps(self) -> float:
        """Such batches in the paper's epochs."""
        return EPOCHS * self.n_sources / len(self.sources)


def paper_batch(mlmodel: Any) -> Batch:
    """The paper's pairs of a classifier's training rows, as many as a batch has."""
    schema, data = Schema.from_mlmodel(mlmodel), mlmodel.data
    values, labels = schema.encode(data.df_train), data.df_train[data.target].to_numpy()
    denied, accepted = split_rows(labels, model_probability(mlmodel, data.df_train), PAPER.pairs)
    pairs = find_pairs(values[denied], values[accepted], schema.constraints, PAPER.pairs)
    return Batch(pairs.sources[:BATCH], pairs.targets, schema.immutable, len(pairs))


def train_ours(
    mlmodel: Any, people: pd.DataFrame, hyperparams: Mapping[str, Any]
) -> tuple[dict[str, float], pd.DataFrame]:
    """Seconds of building GenRe, "prepare" being all that it needs before it can answer, and its answers."""
    method = GenRe(mlmodel, hyperparams)
    return method.seconds, method.get_counterfactuals(people)


def step_reference(batch: Batch, layers: int) -> float:
    """Seconds of a training step of the reference, after a small one to warm up."""
    torch.manual_seed(0)
    device = choose_device("auto", "reference")
    model = Reference(batch.targets, layers).to(device)
    training = ReferenceTraining(model, batch.sources, batch.targets, batch.immutable)
    rows = torch.arange(len(batch.sources), device=device)
    training.step(rows[:64])
    return seconds(lambda: training.step(rows))


def measure(
    found: Setting, hyperparams: Mapping[str, Any], layers: int, threads: int, runs: int
) -> dict[str, dict[str, float]]:
    """A row for each of ``RULES``; both and the reference in turn, each in its process."""
    people = found.factuals[list(found.mlmodel.feature_input_order)]
    batch = paper_batch(found.mlmodel)
    mlmodel = wrap_non_picklable_objects(found.mlmodel, keep_wrapper=False)  # CARLA's catalog holds lambdas
    ours: dict[str, list[dict[str, float]]] = {rule: [] for rule in RULES}
    steps = []
    with ExitStack() as stack:
        reference, *own = [stack.enter_context(_process(threads)) for _ in ("reference", *RULES)]
        for run in range(runs):
            given = {"threads": threads, "seed": run, "verbose": False, **hyperparams}
            for process, (rule, choice) in zip(own, RULES.items(), strict=True):
                took, answers = process.submit(train_ours, mlmodel, people, {**given, **choice}).result()
                ours[rule].append({**took, "score": found.score(answers).score})
            steps.append(reference.submit(step_reference, batch, layers).result())
            print(f"{found.name}: {_told(ours)}; step {steps[-1]:.3g} s", flush=True)
        reference_peak, *peaks = [process.submit(peak_memory_mb).result() for process in (reference, *own)]
    return {
        rule: {
            **compared([one["prepare"] for one in ours[rule]], [step * batch.steps for step in steps]),
            "ours_peak_mb": peak,
            "reference_peak_mb": reference_peak,
            "score": statistics.mean(one["score"] for one in ours[rule]),
            **_selector(ours[rule]),
            "sources": batch.n_sources,
            "reference_step_s": statistics.median(steps),
            "reference_steps": batch.steps,
        }
        for rule, peak in zip(RULES, peaks, strict=True)
    }


def _selector(ours: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Its share of the seconds, of who has one."""
    seconds = [one["selector"] for one in ours if "selector" in one]
    return {"selector_s": statistics.median(seconds)} if seconds else {}


def _told(ours: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """The last run of each rule."""
    return "; ".join(
        f"ours{rule} {each[-1]['prepare']:.3g} s, Score {each[-1]['score']:.3f}"
        for rule, each in ours.items()
    )


def _process(threads: int) -> ProcessPoolExecutor:
    """One process that has started, with so many threads."""
    process = ProcessPoolExecutor(1, get_context("spawn"))
    process.submit(torch.set_num_threads, threads).result()
    return process


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = timing_parser("training", __doc__, runs=3)
    add_data(parser)
    add_setting(parser, factuals=200)
    parser.add_argument("--threads", type=int, default=2, help="of either process (default 2)")
    parser.add_argument("--steps", type=int, help="of our training, instead of the preset's")
    parser.add_argument("--layers", type=int, default=LAYERS, help="of the reference, instead of the paper's")
    quick = {
        "data": ["adult"],
        "rows": 600,
        "factuals": 10,
        "runs": 1,
        "steps": 12,
        "layers": 1,
        "threads": 1,
    }
    options = parse(parser, arguments, quick)
    hyperparams = {} if options.steps is None else {"training": {"steps": options.steps}}
    with processor_threads(options.threads):  # here too, for the record
        figures: dict[str, dict[str, float]] = {}
        for data in options.data:
            figures |= rows_of(data, options, hyperparams)
        finish(options, figures, batch=BATCH, epochs=EPOCHS)


def rows_of(
    data: str, options: argparse.Namespace, hyperparams: Mapping[str, Any]
) -> dict[str, dict[str, float]]:
    """One data set's rows."""
    rows = measure(setting(data, options), hyperparams, options.layers, options.threads, options.runs)
    return {f"{data}{rule}": row for rule, row in rows.items()}


if __name__ == "__main__":
    main()
