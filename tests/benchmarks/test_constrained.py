"""The table of constraints: its sets, its own count of violations, its search, its records and its command."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.constrained import __main__ as command
from benchmarks.constrained.check import broken
from benchmarks.constrained.page import headline, markdown
from benchmarks.constrained.roles import ROLES, actionable
from benchmarks.constrained.rows import EACH, NEAREST, ONCE
from benchmarks.constrained.search import reachable
from benchmarks.constrained.sets import N_SETS, SEEDS, constraints_of, first_pass, names, random_set
from carla_genre.errors import InputError
from carla_genre.protocol import Setting
from carla_genre.schema import Schema


def test_random_sets_freeze_some_of_the_free_features_and_are_the_same_again(setting: Setting) -> None:
    data = setting.data
    free = {*data.continuous, *data.categorical} - set(data.immutables)
    every = [random_set(data, number) for number in range(60)]
    assert every == [random_set(data, number) for number in range(60)]
    counts = [sum("immutable" in rule for rule in one.values()) for one in every]
    assert set(counts) == set(range(1, len(free) - 1))
    assert all(set(one) <= free for one in every)
    kinds = set(chain.from_iterable(rule for one in every for rule in one.values()))
    assert kinds == {"immutable", "direction", "range"}
    for one in every:
        Schema.from_mlmodel(setting.mlmodel, one)  # they are what a method takes


def test_the_first_pass_asks_under_each_set_with_one_seed() -> None:
    assert sorted(chain.from_iterable(map(first_pass, SEEDS))) == sorted(names())
    assert len(names()) == N_SETS + 1


def test_a_set_that_there_is_not(setting: Setting) -> None:
    with pytest.raises(InputError, match="no set of constraints 'random 20'"):
        constraints_of("random 20", "compas", setting.data)


def test_roles_are_said_for_every_feature_of_adult() -> None:
    from carla_genre import load_dataset

    data = load_dataset("adult", roles="paper")
    assert set(ROLES["adult"]) == {*data.continuous, *data.categorical}
    assert set(data.immutables) <= {
        name for name, rule in actionable("adult").items() if rule.get("immutable")
    }


def test_each_kind_of_violation_is_counted(setting: Setting) -> None:
    data = setting.data
    columns = list(setting.mlmodel.feature_input_order)
    factuals = setting.factuals[columns].head(4)
    number = data.continuous[0]
    answers = factuals.copy()
    answers.iloc[0, columns.index(number)] += 0.25
    answers.iloc[1, columns.index(number)] -= 0.25
    answers.iloc[3] = np.nan
    assert broken(data, {}, factuals, answers) == 0
    assert broken(data, {number: {"immutable": True}}, factuals, answers) == 2
    assert broken(data, {number: {"direction": "increase"}}, factuals, answers) == 1
    raw = data.inverse_transform(factuals)[number]
    assert broken(data, {number: {"range": (raw.iloc[0], raw.iloc[0])}}, factuals, answers) == 2
    frozen = data.immutables[0]
    column = next(column for column in columns if column.startswith(frozen))
    answers[column] = 1 - answers[column]
    assert broken(data, {}, factuals, answers) == 3
    assert broken(data, {}, factuals, answers * np.nan) == 0


def test_the_search_finds_what_there_is_and_nothing_else(setting: Setting) -> None:
    data, values = setting.data, Schema.from_mlmodel(setting.mlmodel).encode(setting.factuals)[:3]
    rows = Schema.from_mlmodel(setting.mlmodel).encode(data.df_train)

    def least(schema: Schema, position: int) -> Any:
        """H accepts what is high in one feature."""
        return reachable(
            schema, rows, lambda one: 0.51 * (one[:, position] > 0.9 * rows[:, position].max()), values, 0
        )

    name = data.continuous[0]
    open_, closed = (
        Schema.from_mlmodel(setting.mlmodel, given) for given in (None, {name: {"direction": "decrease"}})
    )
    position = open_.names.index(name)
    assert least(open_, position).all()
    already = values[:, position] > 0.9 * rows[:, position].max()
    np.testing.assert_array_equal(least(closed, position), already)


def record(label: str, seed: int, scores: dict[str, float], once: float | None = None) -> dict[str, Any]:
    sets = {
        name: {
            "constraints": {"age": {"immutable": True}},
            "scores": {"d": 7, "score": score, "cost": 1.0, "val": 0.5, "lof": 0.5, "answered": 0.75},
            "seconds": {"train": 0.0 if once else 8.0, "answer": 0.2},
            "broken": 0,
            "answered": "1101",
        }
        for name, score in scores.items()
    }
    cell = {"data": "compas", "seed": seed, "label": label, "classifier": "ann"}
    return {"cell": cell, "key": "k", "sets": sets, **({"trained_once": once} if once else {})}


def test_the_table_compares_on_the_same_sets() -> None:
    search = record("search", 0, {})
    search["sets"] = {"random 00": {"found": "1111"}, "random 05": {"found": "1101"}}
    records = [
        record(EACH, 0, {"random 00": 1.5, "random 05": 1.0, "actionable": 0.1}),
        record(ONCE, 0, {"random 00": 1.4, "random 05": 1.1}, once=9.0),
        record("PAR", 0, {"random 05": 0.5}),
        search,
    ]
    table = [line for line in markdown(records, "random").splitlines() if line.startswith("|")]
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table]
    found = {line[1]: line for line in lines[2:]}
    assert found[ONCE][2:6] == ["2", "1.250", "-", "-"]
    assert found[EACH][2:6] == ["2", "1.250", "+0.000", "-0.100"]
    assert found["PAR"][2:6] == ["1", "0.500", "+0.600", "+0.600"]
    assert [found[label][10] for label in (EACH, "PAR")] == ["0.500", "0.000"]  # one of two, none of one
    assert [line[12:] for line in found.values()] == [["16", "50.0"], ["9", "50.0"], ["8", "50.0"]]


def test_the_headline_compares_the_generator_with_nearest_rows_by_what_is_frozen() -> None:
    scores = {"random 00": 1.5, "random 05": 1.0, "actionable": 0.1}
    records = [record(ONCE, 0, scores, once=9.0), record(NEAREST, 0, {**scores, "random 05": 0.4})]
    for one in records:
        one["sets"]["random 05"]["constraints"] = {f"feature {i}": {"immutable": True} for i in range(4)}
    lines = headline(records).splitlines()[2:]
    assert lines == [
        "| COMPAS | at most half | 1 | 1.50 | 0.75 | 1.50 | 0.75 |",
        "| COMPAS | more than half | 1 | 1.00 | 0.75 | 0.40 | 0.75 |",
    ]
    with pytest.raises(InputError, match="not measured"):
        headline(records[:1])


@pytest.mark.slow
def test_the_command_measures_goes_on_and_prints(
    tmp_path: Path, small_paper: None, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--data", "compas", "--seeds", "3", "--only", "NNR-D_h+", "search", "--pass", "first"]
    arguments += ["--results", str(tmp_path), "--people", "20"]
    assert command.main(arguments) == 0
    table = capsys.readouterr().out
    assert "| COMPAS | NNR-D_h+ | 4 |" in table
    path = next(tmp_path.glob("*NNR*.json"))
    content = json.loads(path.read_text())
    content["sets"].pop("random 08")
    path.write_text(json.dumps(content))
    assert command.main(arguments) == 0
    again = json.loads(path.read_text())["sets"]
    assert set(again) == {f"random {number:02d}" for number in (3, 8, 13, 18)}
    assert {name: again[name] for name in content["sets"]} == content["sets"]
    assert command.main(["--only", "Genre", "--no-run"]) == 2
    assert pd.notna(again["random 08"]["scores"]["answered"])
