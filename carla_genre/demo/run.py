"""The demo's steps: data, h, judge, GenRe, factuals, benchmarks, answers, picture."""

from __future__ import annotations

import json
import logging
import os
from argparse import Namespace
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.blackbox import model_probability
from carla_genre.datasets import load_dataset
from carla_genre.demo import plotting
from carla_genre.demo.answers import change_frequencies, changes, describe
from carla_genre.demo.progress import Steps, quiet_carla
from carla_genre.errors import InputError, MissingDependencyError
from carla_genre.evaluation.carla_measures import run_all_measures
from carla_genre.evaluation.cost import feature_changes
from carla_genre.evaluation.environment import peak_memory_mb, versions
from carla_genre.evaluation.score import Judge, Scores
from carla_genre.io import check_writable, in_json, write_text
from carla_genre.schema import Schema

log = logging.getLogger(__name__)

# The paper's gamma; if h is above it for too few accepted rows, .5 is used.
GAMMA, GAMMA_ENOUGH = 0.7, 50
# Sex and race are immutable, as in the paper; age and education only increase.
PAPER = ("adult", "compas", "heloc")
GROWING = {"adult": ("age", "education-num"), "compas": ("age",)}
# For --quick: enough to see every step, too little for good answers.
QUICK_ROWS, QUICK_FACTUALS, QUICK_STEPS = 3000, 20, 60
# Minutes bound Wachter's search for a factual: after this time it seldom finds an answer.
CARLAS = {
    "GrowingSpheres": {},
    "Wachter": {"lr": 0.02, "n_iter": 500, "t_max_min": 0.004, "loss_type": "BCE"},
}


@dataclass
class Result:
    """What the demo found, by method."""

    scores: dict[str, Scores] = field(default_factory=dict)
    carla: dict[str, dict[str, float]] = field(default_factory=dict)
    frequencies: dict[str, dict[str, float]] = field(default_factory=dict)
    answers: dict[str, pd.DataFrame] = field(default_factory=dict)
    examples: list[dict[str, Any]] = field(default_factory=list)  # of GenRe's answers


def run(options: Namespace) -> None:
    """Do all of it; print the tables, write ``demo.png`` and ``demo.json`` into the folder ``options.out``.

    Raises
    ------
    InputError
        The data cannot be used, or h accepts or denies all of them.
    """
    if options.people < 1:
        raise InputError(f"--people must be 1 or more, got {options.people}")
    if options.seed < 0:
        raise InputError(f"--seed must be 0 or more, got {options.seed}")
    out = Path(options.out)
    if os.path.isfile(out):
        raise InputError(f"--out: {out} is a file; name a folder")
    for name in ("demo.json", "demo.png"):
        check_writable(out / name)
    steps = Steps()
    with steps.step("load", f"loading {options.data} and CARLA"):
        data = _load(options)
        from carla_genre.demo.classifier import train_classifier
    with steps.step("h", f"training h, a small network, on {len(data.df_train):,} rows"):
        mlmodel = train_classifier(data, options.seed)
    share = _accepted_share(mlmodel, data)
    schema = Schema.from_mlmodel(mlmodel)
    with steps.step("judge", f"h accepts {share:.0%} of the test rows; fitting the gold classifier and LOF"):
        rows = pd.concat([data.df_train, data.df_test], ignore_index=True)
        judge = Judge.fit(schema, rows, rows[data.target], n_jobs=2)
    factuals = _denied(mlmodel, options)
    result = _compare(mlmodel, judge, factuals, options, steps)
    result.examples = _examples(mlmodel, schema, factuals, result.answers["GenRe"])
    _print(result, len(factuals))
    _write(out, options, result, schema, mlmodel, steps)


def _load(options: Namespace) -> Any:
    if options.target is None and options.data in PAPER:
        increasing = GROWING.get(options.data, ())
        data = load_dataset(options.data, roles="paper", increasing=increasing, quiet=True)
    else:
        data = load_dataset(options.data, target=options.target, seed=options.seed)
    if options.quick:
        # CARLA's catalog returns copies of its frames, and cannot take fewer rows.
        for part in ("_df", "_df_train", "_df_test"):
            rows = getattr(data, part)
            setattr(data, part, rows.sample(min(QUICK_ROWS, len(rows)), random_state=options.seed))
    return data


def _accepted_share(mlmodel: Any, data: Any) -> float:
    """Share of the test rows that h accepts; InputError where it accepts all or none."""
    share = float((model_probability(mlmodel, data.df_test) > 0.5).mean())
    if share in (0.0, 1.0):
        decision = "denies" if share == 0 else "accepts"
        raise InputError(
            f"the classifier {decision} every test row of {data.name!r}: "
            "there is no recourse to learn; try another --seed, or a target that the columns can predict"
        )
    return share


def _denied(mlmodel: Any, options: Namespace) -> pd.DataFrame:
    """The factuals: test rows that h denies, drawn without replacement, with the columns of h only."""
    test = mlmodel.data.df_test
    denied = test.loc[model_probability(mlmodel, test) <= 0.5, list(mlmodel.feature_input_order)]
    count = min(options.people, QUICK_FACTUALS) if options.quick else options.people
    return denied.sample(min(count, len(denied)), random_state=options.seed)


def _gamma(mlmodel: Any, steps: Steps) -> float:
    train = mlmodel.data.df_train
    accepted = train[train[mlmodel.data.target] == 1]
    enough = int((model_probability(mlmodel, accepted) > GAMMA).sum())
    if enough >= min(GAMMA_ENOUGH, len(accepted) / 10):
        return GAMMA
    steps.say(f"h is sure (> {GAMMA}) of {enough} accepted rows only: GenRe learns from those above .5")
    return 0.5


def _compare(mlmodel: Any, judge: Judge, factuals: pd.DataFrame, options: Namespace, steps: Steps) -> Result:
    """Build each method, have it answer, and measure the answers."""
    from carla_genre.methods.registry import build_method

    hyperparams: dict[str, Any] = {"seed": options.seed, "gamma": _gamma(mlmodel, steps)}
    if options.quick:
        hyperparams["training"] = {"steps": QUICK_STEPS}
    result = Result()
    for name, given in {"GenRe": hyperparams, **CARLAS}.items():
        with steps.step("GenRe training", "training GenRe") if name == "GenRe" else nullcontext():
            method = build_method(name, mlmodel, given)
        with steps.step(name, f"{name} answers {len(factuals)} people, through CARLA's Benchmark"):
            answers, result.carla[name] = _benchmark(mlmodel, method, factuals)
        moved = feature_changes(judge.schema, factuals, answers)
        result.scores[name] = judge.score(factuals, answers)
        result.frequencies[name] = change_frequencies(moved, judge.schema.names)
        result.answers[name] = answers
    return result


def _benchmark(mlmodel: Any, method: Any, factuals: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, float]]:
    """The answers (B, C) through CARLA's Benchmark, and CARLA's measures of them, means over the factuals."""
    from carla import Benchmark

    with quiet_carla():
        benchmark = Benchmark(mlmodel, method, factuals)
        answers, measured = benchmark._counterfactuals, run_all_measures(benchmark, mlmodel)
    return answers, {str(name): float(mean) for name, mean in measured.mean(numeric_only=True).items()}


def _examples(
    mlmodel: Any, schema: Schema, factuals: pd.DataFrame, answers: pd.DataFrame
) -> list[dict[str, Any]]:
    """The first three factuals that GenRe answered, in original units."""
    moved = feature_changes(schema, factuals, answers)
    chosen = np.flatnonzero(~np.isnan(moved).any(axis=1))[:3]
    before, after = factuals.iloc[chosen], answers.iloc[chosen]
    changed = changes(mlmodel.data, before, after, moved[chosen], schema.names)
    h_before, h_after = model_probability(mlmodel, before), model_probability(mlmodel, after)
    return [
        {"person": index, "changes": changed[index], "h before": float(p), "h after": float(q)}
        for index, p, q in zip(before.index, h_before, h_after, strict=True)
    ]


def _print(result: Result, n_factuals: int) -> None:
    def shown(table: pd.DataFrame) -> str:
        return table.to_string(float_format=lambda value: f"{value:.3f}", na_rep="-")

    print(f"\nCARLA's benchmark, means over {n_factuals} people")
    print(shown(pd.DataFrame(result.carla)))
    rows = {
        name: {
            "Cost": score.cost,
            "Cost / d": score.cost / score.d,
            "Val": score.val,
            "LOF": score.lof,
            "Score = Val + LOF - Cost / d": score.score,
            "answered": score.answered,
            "people with a violation": score.violations.rows,
        }
        for name, score in result.scores.items()
    }
    print("\nThe paper's measures (a failure counts as not valid and not an inlier)")
    print(shown(pd.DataFrame(rows)))
    print(f"\nGenRe's answers to {len(result.examples)} of them, in original units")
    for one in result.examples:
        print(describe(one["person"], one["changes"], one["h before"], one["h after"]))


def _write(out: Path, options: Namespace, result: Result, schema: Schema, mlmodel: Any, steps: Steps) -> None:
    out.mkdir(parents=True, exist_ok=True)
    written = [out / "demo.json"]
    immutable = [feature.name for feature in schema.features if feature.immutable]
    n_factuals = len(next(iter(result.answers.values())))
    title = f"{options.data}: recourse for {n_factuals} denied people"
    try:
        plotting.compare_methods(out / "demo.png", result.scores, result.frequencies, immutable, title)
        written.append(out / "demo.png")
    except MissingDependencyError as error:
        log.warning("no picture: %s", error)
    peak = peak_memory_mb()
    record = {
        "options": {name: value for name, value in vars(options).items() if name != "command"},
        "people": n_factuals,
        "train rows": len(mlmodel.data.df_train),
        "scores": {name: score.to_dict() for name, score in result.scores.items()},
        "carla benchmark": result.carla,
        "change frequencies": result.frequencies,
        "answers": result.examples,
        "seconds": steps.seconds,
        "peak memory MB": round(peak, 0),
        "versions": versions(),
    }
    write_text(written[0], json.dumps(in_json(record), indent=2) + "\n")
    memory = "" if np.isnan(peak) else f", {peak:,.0f} MB at most"
    steps.say(f"done{memory}; written: {', '.join(map(str, written))}")
