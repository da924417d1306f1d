"""The table of robustness: its conditions are what they say, its rule sees no judge, and its command goes on."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.robust import __main__ as command
from benchmarks.robust.cells import CONDITIONS, NOISE, SLOW, cells, condition_of
from benchmarks.robust.classifiers import FACTOR, less_sure, surer
from benchmarks.robust.many_models import ManyGoodModels
from carla_genre.errors import InputError
from carla_genre.protocol import Setting

pytestmark = pytest.mark.slow

SHORT = {"verbose": False, "n_models": 2, "n_samples": 20, "training": {"steps": 10, "batch_size": 32}}


def logit(p: np.ndarray) -> np.ndarray:
    return np.log(p) - np.log1p(-p)


@pytest.mark.parametrize(("make", "factor"), [(surer, FACTOR), (less_sure, 1 / FACTOR)])
def test_a_miscalibrated_h_decides_as_before_with_other_confidences(
    setting: Setting, make: object, factor: float
) -> None:
    assert callable(make)
    h = setting.mlmodel
    other = make(setting.data, h.feature_input_order, setting.balanced, setting.seed)
    rows = pd.concat([setting.data.df_train, setting.data.df_test])
    before, after = (model.predict(rows)[:, 0].astype(float) for model in (h, other))
    np.testing.assert_array_equal(after > 0.5, before > 0.5)
    inside = np.abs(logit(before)) < 3  # beyond it single precision ends
    np.testing.assert_allclose(logit(after)[inside], factor * logit(before)[inside], rtol=1e-3, atol=1e-4)


@pytest.fixture(scope="module")
def many(setting: Setting) -> ManyGoodModels:
    return ManyGoodModels(setting.mlmodel, SHORT)


def test_the_cheapest_candidate_that_all_models_accept_is_answered(
    setting: Setting, many: ManyGoodModels
) -> None:
    answers = many.get_counterfactuals(setting.factuals)
    values = many.schema.encode(setting.factuals)
    candidates = many.candidates(values)
    rows = many.schema.decode(candidates.reshape(-1, values.shape[1]))
    sure = np.all([model.predict(rows)[:, 0] > 0.7 for model in many.models], axis=0)
    accepted = sure.reshape(candidates.shape[:2]) & (many.scores(candidates) > 0.5)
    cost = np.where(accepted, many.schema.cost(values[:, None], candidates), np.inf).min(axis=1)
    found = np.isfinite(cost)
    assert found.any()
    given = many.schema.cost(values[found], many.schema.encode(answers[found]))
    np.testing.assert_allclose(given, cost[found], atol=1e-9)


def test_the_models_differ_and_are_good(setting: Setting, many: ManyGoodModels) -> None:
    train = setting.data.df_train
    scores = np.stack([model.predict(train)[:, 0] for model in many.models])
    assert len({row.tobytes() for row in scores}) == 2
    labels = train[setting.data.target].to_numpy()
    h = setting.mlmodel.predict(train)[:, 0]
    assert ((scores > 0.5) == labels).mean(axis=1).min() > ((h > 0.5) == labels).mean() - 0.1


def test_the_rule_sees_training_rows_and_h_alone(setting: Setting, many: ManyGoodModels) -> None:
    """Without the test rows, their labels and the people's own, the answers are the same."""
    h = copy.copy(setting.mlmodel)
    h.data = copy.copy(setting.data)  # a true catalog: its training rows are replaced
    h.data._df_test = setting.data.df_test.iloc[:0]
    people = setting.factuals[list(h.feature_input_order)]
    pd.testing.assert_frame_equal(
        ManyGoodModels(h, SHORT).get_counterfactuals(people), many.get_counterfactuals(people)
    )


def test_every_method_is_measured_in_every_condition() -> None:
    every = cells()
    assert len({cell.key for cell in every}) == len(every)
    conditions = {(cell.label, condition_of(vars(cell))) for cell in every}
    assert conditions == {(cell.label, name) for cell in every for name in CONDITIONS}
    assert {cell.label_noise for cell in every} == {0.0, NOISE}
    first = every[0].seed
    assert {cell.seed for cell in every if cell.label in SLOW} == {first} < {cell.seed for cell in every}
    # h is trained again where it is as it is.
    assert all((cell.n_retrained > 0) == (condition_of(vars(cell)) == "as it is") for cell in every)


def test_a_cell_of_another_grid_is_refused() -> None:
    with pytest.raises(InputError, match=r"0\.2 of labels flipped and 'ann'"):
        condition_of({"label_noise": 0.2})


@pytest.mark.slow
def test_the_command_measures_goes_on_and_prints(
    tmp_path: Path, small_paper: None, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--quick", "--seeds", "3", "--only", "NNR-D_h+", "--results", str(tmp_path)]
    assert command.main(arguments) == 0
    table = capsys.readouterr().out
    assert len(list(tmp_path.glob("*.json"))) == len(CONDITIONS)
    written = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.json")}
    assert "| Adult | 4 | NNR-D_h+ | 3 |" in table
    assert command.main(arguments) == 0
    assert capsys.readouterr().out == table
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.json")} == written
    assert command.main([*arguments, "--no-run", "--seeds", "4"]) == 1  # nothing of it is measured
    assert command.main(["--only", "Genre"]) == 2
    assert "did you mean 'GenRe'" in capsys.readouterr().err
