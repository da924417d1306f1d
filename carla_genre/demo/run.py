"""The demo's steps: data, h, judge, GenRe, factuals, benchmarks, answers, picture, page."""

from __future__ import annotations

import json
import logging
import os
from argparse import Namespace
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from carla_genre.blackbox import model_probability
from carla_genre.demo import plotting
from carla_genre.demo.answers import change_frequencies, describe, first_people, record_of
from carla_genre.demo.data import DemoData, load
from carla_genre.demo.progress import Steps, quiet_carla
from carla_genre.errors import InputError, MissingDependencyError
from carla_genre.evaluation.carla_measures import run_all_measures
from carla_genre.evaluation.cost import feature_changes
from carla_genre.evaluation.environment import peak_memory_mb, versions
from carla_genre.evaluation.score import Judge, Scores
from carla_genre.io import check_writable, in_json, write_text
from carla_genre.recourse.recommendations import Recommendations
from carla_genre.schema import Schema

if TYPE_CHECKING:
    from carla.models.api import MLModel

log = logging.getLogger(__name__)

# For --quick: enough to see every step, too little for good answers.
QUICK_FACTUALS, QUICK_STEPS = 20, 60
# Minutes bound Wachter's search for a factual: after this time it seldom finds an answer. Dice's own search for sparser
# answers gave the same answers to 60 people of Adult, in twenty times the time.
CARLAS: dict[str, dict[str, Any]] = {
    "Wachter": {"lr": 0.02, "n_iter": 500, "t_max_min": 0.004, "loss_type": "BCE"},
    "Dice": {"posthoc_sparsity_param": 0},
}
FILES = ("demo.json", "demo.png", "demo.html")
OPTIONS_EACH = 3


@dataclass
class Result:
    """What the demo found, by method."""

    scores: dict[str, Scores] = field(default_factory=dict)
    carla: dict[str, dict[str, float]] = field(default_factory=dict)
    frequencies: dict[str, dict[str, float]] = field(default_factory=dict)


def run(options: Namespace) -> None:
    """Do all of it; print the tables, write picture, page and JSON into the folder ``options.out``.

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
    for name in FILES:
        check_writable(out / name)
    steps = Steps()
    with steps.step("load", f"loading {options.data} and CARLA"):
        data = load(options)
        from carla_genre.demo.classifier import train_classifier
        from carla_genre.demo.door import train_recourse
    with steps.step("h", f"training h, a small network, on {len(data.table):,} rows"):
        mlmodel = train_classifier(data.catalog, options.seed)
    share = _accepted_share(mlmodel, data.catalog)
    schema = Schema.from_mlmodel(mlmodel)
    with steps.step("judge", f"h accepts {share:.0%} of the test rows; fitting the gold classifier and LOF"):
        rows = pd.concat([data.catalog.df_train, data.catalog.df_test], ignore_index=True)
        judge = Judge.fit(schema, rows, rows[data.catalog.target], n_jobs=2)
    factuals = _denied(mlmodel, options)
    with steps.step("GenRe training", "training GenRe"):
        fewer = {"training": {"steps": QUICK_STEPS}} if options.quick else {}
        recourse = train_recourse(data, mlmodel, options.seed, fewer)
    result = _compare(mlmodel, recourse, judge, factuals, steps)
    with steps.step("options", "asking for options that could be sent; nothing is trained for it"):
        people = data.catalog.inverse_transform(factuals)
        found = recourse.recommend(people, n=OPTIONS_EACH, constraints=data.further)
    _print(result, found, data)
    _write(options, result, found, data, schema, steps)


def _accepted_share(mlmodel: MLModel, data: Any) -> float:
    """Share of the test rows that h accepts; InputError where it accepts all or none."""
    share = float((model_probability(mlmodel, data.df_test) > 0.5).mean())
    if share in (0.0, 1.0):
        decision = "denies" if share == 0 else "accepts"
        raise InputError(
            f"the classifier {decision} every test row of {data.name!r}: "
            "there is no recourse to learn; try another --seed, or a target that the columns can predict"
        )
    return share


def _denied(mlmodel: MLModel, options: Namespace) -> pd.DataFrame:
    """The factuals: test rows that h denies, drawn without replacement, with the columns of h only."""
    test = mlmodel.data.df_test
    denied = test.loc[model_probability(mlmodel, test) <= 0.5, list(mlmodel.feature_input_order)]
    count = min(options.people, QUICK_FACTUALS) if options.quick else options.people
    return denied.sample(min(count, len(denied)), random_state=options.seed)


def _compare(mlmodel: MLModel, recourse: Any, judge: Judge, factuals: pd.DataFrame, steps: Steps) -> Result:
    """Have each method answer, and measure the answers."""
    from carla_genre.demo.door import RecourseOnFrames
    from carla_genre.methods.registry import build_method

    result = Result()
    for name in ("GenRe", *CARLAS):
        try:
            method = (
                RecourseOnFrames(mlmodel, recourse)
                if name == "GenRe"
                else build_method(name, mlmodel, CARLAS[name])
            )
        except MissingDependencyError as error:
            log.warning("%s is left out: %s", name, error)
            continue
        with steps.step(name, f"{name} answers {len(factuals)} people, through CARLA's Benchmark"):
            answers, result.carla[name] = _benchmark(mlmodel, method, factuals)
        moved = feature_changes(judge.schema, factuals, answers)
        result.scores[name] = judge.score(factuals, answers)
        result.frequencies[name] = change_frequencies(moved, judge.schema.names)
    return result


def _benchmark(
    mlmodel: MLModel, method: Any, factuals: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, float]]:
    """The answers (B, C) through CARLA's Benchmark, and CARLA's measures of them, means over the factuals."""
    from carla import Benchmark

    with quiet_carla():
        benchmark = Benchmark(mlmodel, method, factuals)
        answers, measured = benchmark._counterfactuals, run_all_measures(benchmark, mlmodel)
    return answers, {str(name): float(mean) for name, mean in measured.mean(numeric_only=True).items()}


def _print(result: Result, found: Recommendations, data: DemoData) -> None:
    def shown(table: pd.DataFrame) -> str:
        text: str = table.to_string(float_format=lambda value: f"{value:.3f}", na_rep="-")
        return text

    print(f"\nCARLA's benchmark, means over {len(found.people)} people")
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
    print("\nOptions that could be sent: the same generator, asked with")
    for constraint in (*data.constraints, *data.further):
        print(f"  {constraint}")
    print(f"{found}\n")
    for person in first_people(found):
        print(describe(person))
    if len(found.unanswered):
        reason, count = next(iter(found.unanswered["reason"].value_counts().items()))
        print(f"\nWhy {count} of the others have none: {reason}")


def _write(
    options: Namespace, result: Result, found: Recommendations, data: DemoData, schema: Schema, steps: Steps
) -> None:
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    title = f"{options.data}: recourse for {len(found.people)} denied people"
    found.to_html(out / "demo.html", title)
    written = [out / "demo.json", out / "demo.html"]
    immutable = [feature.name for feature in schema.features if feature.immutable]
    try:
        plotting.compare_methods(out / "demo.png", result.scores, result.frequencies, immutable, title)
        written.append(out / "demo.png")
    except MissingDependencyError as error:
        log.warning("no picture: %s", error)
    peak = peak_memory_mb()
    record = {
        "options": {name: value for name, value in vars(options).items() if name != "command"},
        "people": len(found.people),
        "train rows": len(data.table),
        "scores": {name: score.to_dict() for name, score in result.scores.items()},
        "carla benchmark": result.carla,
        "change frequencies": result.frequencies,
        "constraints": [str(one) for one in (*data.constraints, *data.further)],
        "answers": [record_of(person) for person in first_people(found)],
        "seconds": steps.seconds,
        "peak memory MB": round(peak, 0),
        "versions": versions(),
    }
    write_text(written[0], json.dumps(in_json(record), indent=2) + "\n")
    memory = "" if np.isnan(peak) else f", {peak:,.0f} MB at most"
    steps.say(f"done{memory}; written: {', '.join(map(str, written))}")
