"""GenRe while the person waits: building it, 200 people, one person, very many; beside treecf, NICE's rule and CARLA.

python -m benchmarks.speed.serving --root FOLDER --json benchmarks/results/speed/serving_cpu.json

All is GenRe's default on one thread. Building and the 200 people are measured for each seed of the protocol, so that
the Score of what is timed stands beside. The distilled generator answers with a few draws. A peer and GenRe answer the
same people one by one, in turn; treecf is for ensembles of trees, so h is boosting there. Each part is kept in a file
until all are measured: the same command goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.speed.alternate import alone, compared, seconds
from benchmarks.speed.apart import apart
from benchmarks.speed.command import finish, parse, resumed, timing_parser
from benchmarks.speed.settings import add_data
from benchmarks.speed.stream import denied_people
from carla_genre.evaluation.environment import memory_since_mb, peak_memory_mb
from carla_genre.methods.genre.method import GenRe
from carla_genre.methods.registry import build_method
from carla_genre.protocol import Setting, prepare
from carla_genre.protocol.cache import default_folder
from carla_genre.threads import processor_threads

Row = dict[str, float]
# What builds a peer on h, by the kind of h and the peer's name.
PEERS: Mapping[str, Mapping[str, Callable[[Any], Any]]] = {
    "boosting": {"treecf": partial(build_method, "TreeCF"), "NICE's rule": partial(build_method, "NICE")},
    "ann": {
        "NICE's rule": partial(build_method, "NICE"),
        "Wachter": partial(build_method, "Wachter"),
        "Dice": partial(build_method, "Dice"),
    },
}
# Peers of a second or so for a person, which answer fewer.
SLOW_PEERS = ("Wachter", "Dice")
KINDS = {"boosting": "boosting", "ann": "a network"}


def built(mlmodel: Any, seed: int, options: argparse.Namespace, **hyperparams: Any) -> GenRe:
    """GenRe's default on one thread."""
    training = {} if options.steps is None else {"training": {"steps": options.steps}}
    return GenRe(mlmodel, {"threads": 1, "seed": seed, "verbose": False, **training, **hyperparams})


def one_by_one(method: Any, people: pd.DataFrame) -> Row:
    """A row of figures of single people, each in a call of its own."""
    method.get_counterfactuals(people.head(1))
    took = [seconds(partial(method.get_counterfactuals, people.iloc[[i]])) for i in range(len(people))]
    return {**alone(took), "p99_ms": 1e3 * float(np.quantile(took, 0.99))}


def answers(data: str, options: argparse.Namespace) -> dict[str, Row]:
    """Building, the 200 people and one person of a data set, by the default and by the distilled generator."""
    builds, took = dict[str, list[Row]](), dict[str, list[float]]()
    scores, single = dict[str, list[float]](), dict[str, Row]()
    for seed in options.seeds:
        found = prepared(data, seed, "ann", options)
        for name, given in {"default": {}, "distilled": {"distil": True}}.items():
            methods: list[GenRe] = []
            build = partial(built, found.mlmodel, seed, options, **given)
            total = seconds(lambda build=build, methods=methods: methods.append(build()))  # type: ignore[misc]
            method = methods[0] if name == "default" else methods[0].with_sampling(n_samples=options.draws)
            builds.setdefault(name, []).append({**methods[0].seconds, "all": total})
            method.get_counterfactuals(found.factuals.head(10))
            given_answers: list[pd.DataFrame] = []
            answer = partial(method.get_counterfactuals, found.factuals)
            took.setdefault(name, []).append(seconds(lambda: given_answers.append(answer())))  # noqa: B023
            scores.setdefault(name, []).append(found.score(given_answers[0]).score)
            if seed == options.seeds[0]:
                single[name] = one_by_one(method, found.factuals.head(options.persons))
            print(f"{data}, seed {seed}, {name}: {total:.3g} s, {took[name][-1]:.3g} s", flush=True)
    few = f"distilled, {options.draws} draws"
    return {
        "building": {**alone([one["all"] for one in builds["default"]]), **_parts(builds["default"])},
        f"{options.factuals} people": {**alone(took["default"]), **_mean("score", scores["default"])},
        "one person": single["default"],
        "building the distilled": {
            **alone([one["all"] for one in builds["distilled"]]),
            **_parts(builds["distilled"]),
        },
        f"{options.factuals} people, {few}, against the default": {
            **compared(took["distilled"], took["default"]),
            **_mean("score", scores["distilled"]),
            **_mean("default_score", scores["default"]),
        },
        f"one person, {few}": single["distilled"],
    }


def peers(data: str, kind: str, options: argparse.Namespace) -> dict[str, Row]:
    """GenRe's default and each peer on the same people and h, one person a call."""
    found = prepared(data, options.seeds[0], kind, options)
    ours, rows = built(found.mlmodel, options.seeds[0], options), {}
    for name, build in PEERS[kind].items():
        n = options.few if name in SLOW_PEERS else options.persons
        people = found.factuals.head(n)
        rows[f"one person, h {KINDS[kind]}, against {name}"] = _in_turn(
            found, ours, build(found.mlmodel), people
        )
    return rows


def _in_turn(found: Setting, ours: Any, theirs: Any, people: pd.DataFrame) -> Row:
    took: dict[Any, list[float]] = {ours: [], theirs: []}
    given: dict[Any, list[pd.DataFrame]] = {ours: [], theirs: []}
    order = list(found.mlmodel.feature_input_order)  # CARLA's methods take no further column
    for method in took:
        method.get_counterfactuals(people[order].head(1))
    for place in range(len(people)):
        for method in took:
            answer = partial(method.get_counterfactuals, people[order].iloc[[place]])
            took[method].append(
                seconds(lambda method=method, answer=answer: given[method].append(answer()))  # type: ignore[misc]
            )
    score, peer_score = (found.judge.score(people, pd.concat(each)).score for each in given.values())
    p99, peer_p99 = (1e3 * float(np.quantile(each, 0.99)) for each in took.values())
    figures = {"p99_ms": p99, "peer_p99_ms": peer_p99, "score": score, "peer_score": peer_score}
    return {**compared(took[ours], took[theirs]), **figures}


def many(data: str, options: argparse.Namespace) -> dict[str, Row]:
    """Very many people and a quarter of them, each in a process that reads the trained GenRe."""
    with tempfile.TemporaryDirectory(prefix="carla-genre-") as folder:
        path = str(Path(folder) / "trained.safetensors")
        apart(_train, data, path, options)
        row, quarter = (
            apart(_answer_many, data, path, options, n) for n in (options.people, options.people // 4)
        )
    further = {"quarter_s": quarter["ours_s"], "quarter_peak_mb": quarter["ours_peak_mb"]}
    return {f"{options.people} people, one process": {**row, **further}}


def _train(data: str, path: str, options: argparse.Namespace) -> None:
    built(prepared(data, options.seeds[0], "ann", options).mlmodel, options.seeds[0], options).save(path)


def _answer_many(data: str, path: str, options: argparse.Namespace, n: int) -> Row:
    """Peak MB are what the call adds to a process that has the model and has answered a few people before."""
    found = prepared(data, options.seeds[0], "ann", options)
    method = GenRe.load(path, found.mlmodel)
    people = denied_people(found, method, n)
    method.get_counterfactuals(people.head(50))
    with contextlib.suppress(OSError):  # Linux forgets the peak of what was read
        Path("/proc/self/clear_refs").write_text("5")
    before = peak_memory_mb()
    row = alone([seconds(partial(method.get_counterfactuals, people)) for _ in range(options.runs)])
    return {**row, "ours_peak_mb": memory_since_mb(before), "people_a_second": n / row["ours_s"]}


def prepared(data: str, seed: int, kind: str, options: argparse.Namespace) -> Setting:
    """The protocol up to the people; its classifiers are kept in the user's cache."""
    return prepare(
        data, seed, options.factuals, options.root, rows=options.rows, cache=default_folder(), classifier=kind
    )


def _parts(builds: Sequence[Mapping[str, float]]) -> Row:
    """Medians of the seconds of each step; a step that is not there took none."""
    names = ("pairs", "training", "selector", "distilling")
    return {
        f"{name}_s": statistics.median(one[name] for one in builds)
        for name in names
        if all(name in one for one in builds)
    }


def _mean(name: str, values: Sequence[float]) -> Row:
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return {name: statistics.mean(values), f"{name}_sd": deviation}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = timing_parser("serving", __doc__, runs=1)
    add_data(parser)
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4], help="of the protocol and GenRe"
    )
    parser.add_argument("--factuals", type=int, default=200, help="denied people (default 200)")
    parser.add_argument("--persons", type=int, default=200, help="of them answered one by one (default 200)")
    parser.add_argument("--few", type=int, default=20, help="of them by CARLA's methods (default 20)")
    parser.add_argument("--draws", type=int, default=3, help="of the distilled generator (default 3)")
    parser.add_argument("--people", type=int, default=100_000, help="of Adult, in one call (default 100000)")
    parser.add_argument("--steps", type=int, help="of GenRe's training, instead of the preset's")
    parser.add_argument("--rows", type=int, help="at most so many training rows")
    quick = {"data": ["adult"], "seeds": [0], "factuals": 12, "persons": 3, "few": 1, "people": 80}
    options = parse(parser, arguments, {**quick, "steps": 12, "rows": 600})
    work: dict[str, Callable[[], dict[str, Row]]] = {}
    for data in options.data:
        work[data] = partial(answers, data, options)
        work |= {f"{data}, {kind}": partial(peers, data, kind, options) for kind in PEERS}
    if "adult" in options.data:
        work["adult, many"] = partial(many, "adult", options)
    with processor_threads(1):
        found = resumed(options, work)
        figures = {
            f"{part.partition(',')[0]}, {title}": row
            for part, rows in found.items()
            for title, row in rows.items()
        }
        finish(options, figures)


if __name__ == "__main__":
    main()
