"""A generator distilled: trained further on what the rule "expected" chooses for denied training people."""

from __future__ import annotations

import copy
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from method_cases import QUICK, Logistic, denied

from carla_genre import CheckpointError, GenRe, InputError
from carla_genre.evaluation.violations import violations
from carla_genre.generator.config import PRESETS
from carla_genre.methods.core.answer_frames import keep_unchanged_cells
from carla_genre.methods.genre import distillation
from carla_genre.methods.genre.hyperparameters import to_sampling
from carla_genre.selection.promise import fit_selector

EXPECTED = {**QUICK, "selection": "expected"}
DISTILLED = {**EXPECTED, "distil": True}
FROZEN = {"age": {"direction": "increase"}, "region": {"immutable": True}, "debt": {"range": (2, 12)}}


pytestmark = pytest.mark.usefixtures("quick_selectors")


@pytest.fixture(scope="module")
def before(mlmodel: Logistic) -> GenRe:
    return GenRe(mlmodel, EXPECTED)


@pytest.fixture(scope="module")
def distilled(mlmodel: Logistic) -> GenRe:
    return GenRe(mlmodel, DISTILLED)


def expectation(judge: GenRe, drawing: GenRe, values: np.ndarray, n: int) -> np.ndarray:
    """What one rule expects of its choice among n draws as they are, NaN for a failure: (B,)."""
    candidates = drawing.with_sampling(n_samples=n).candidates(values)
    return replace(judge.selector, reverts=False).select(values, candidates, judge.scores(candidates)).score


def weights(genre: GenRe) -> dict[str, torch.Tensor]:
    return genre.generator.transformer.state_dict()


@pytest.mark.slow
def test_draws_are_better_and_few_are_as_good_as_many(
    mlmodel: Logistic, before: GenRe, distilled: GenRe
) -> None:
    """By the rule of the generator before, which is told nothing of distilling, on people of the test rows."""
    values = before.schema.encode(denied(mlmodel, 150))
    single = [np.nanmean(expectation(before, genre, values, 1)) for genre in (before, distilled)]
    assert single[1] > single[0] + 0.1  # of the draws that h accepts
    few = [np.nan_to_num(expectation(before, genre, values, 3)).mean() for genre in (before, distilled)]
    assert few[1] > few[0] + 0.08  # a failure counts nothing
    ten, hundred = (
        expectation(before, *asked).mean() for asked in ((distilled, values, 10), (before, values, 100))
    )
    assert ten > hundred


@pytest.mark.slow
def test_the_rule_stays_and_brings_few_samples(before: GenRe, distilled: GenRe) -> None:
    assert (distilled.hyperparams["n_samples"], distilled.hyperparams["temperature"]) == (10, 1.0)
    assert before.hyperparams["n_samples"] == 100
    assert distilled.selector.to_dict() == before.selector.to_dict()
    assert distilled.seconds["distilling"] > 0 and "distilling" not in before.seconds
    assert distilled.generator.config.training == before.generator.config.training
    assert not distilled.generator.training
    assert "training_rows" not in distilled.__dict__


def test_what_is_learned_from_are_the_rule_s_answers_to_denied_training_people(
    before: GenRe,
) -> None:
    rows = before.classifier.training_rows()
    denied_rows = rows.values[rows.denied()]
    pairs = distillation.chosen_pairs(before.generator, before.selector, denied_rows, 0, n_factuals=50)
    known = {tuple(row) for row in denied_rows}
    assert len(pairs) + pairs.n_unmatched == 50 and {tuple(row) for row in pairs.sources} <= known
    candidates = before.with_sampling(n_samples=distillation.CANDIDATES).candidates(pairs.sources)
    chosen = before.selector.select(pairs.sources, candidates, before.scores(candidates))
    np.testing.assert_array_equal(pairs.targets, chosen.answers)
    rows = torch.arange(len(pairs))
    for uniform in (0.0, 0.5, 0.999):
        drawn = pairs.target_at(rows, torch.full((len(rows), 1), uniform))
        assert torch.equal(drawn, rows)  # one answer each


def test_constraints_hold_exactly(mlmodel: Logistic) -> None:
    genre = GenRe(mlmodel, {**DISTILLED, "constraints": FROZEN})
    factuals = denied(mlmodel, 80)
    values = genre.schema.encode(factuals)
    broad = genre.with_sampling(temperature=0.2, n_samples=40)
    candidates = broad.candidates(values)
    region = [feature.name for feature in genre.schema.features].index("region")
    assert (candidates[..., region] == values[:, None, region]).all()
    answers = genre.get_counterfactuals(factuals)
    assert answers.notna().all(axis=1).mean() > 0.5
    assert violations(genre.schema, factuals, answers).rows == 0
    people = factuals.iloc[np.repeat(np.arange(80), 40)].reset_index(drop=True)
    draws = genre.schema.decode(candidates.reshape(-1, values.shape[1]), people.index)
    own = keep_unchanged_cells(draws, people, exactly=True)
    assert violations(genre.schema, people, own).rows == 0


def test_saved_loaded_and_sampled_otherwise_it_is_not_trained_again(
    mlmodel: Logistic, distilled: GenRe, tmp_path: Path
) -> None:
    factuals, path = denied(mlmodel), tmp_path / "distilled.safetensors"
    distilled.save(path)
    loaded = GenRe.load(path, mlmodel)
    assert loaded.hyperparams == distilled.hyperparams
    for changes in ({}, {"n_samples": 3}, {"selection": "validity"}):
        one, other = (genre.with_sampling(**changes) for genre in (distilled, loaded))
        pd.testing.assert_frame_equal(one.get_counterfactuals(factuals), other.get_counterfactuals(factuals))
        assert not {"training", "distilling"} & set(other.seconds)
    few = distilled.with_sampling(n_samples=3)
    assert few.generator is distilled.generator and few.candidates(distilled.schema.encode(factuals)).shape[
        :2
    ] == (20, 3)
    paper = distilled.with_sampling(selection="validity")
    assert (paper.hyperparams["temperature"], paper.hyperparams["n_samples"]) == (10.0, 10)
    back = paper.with_sampling(selection="expected").hyperparams
    assert (back["temperature"], back["n_samples"]) == (1.0, 10)


@pytest.mark.slow
def test_a_generator_may_start_from_a_distilled_one_and_be_distilled_itself(
    mlmodel: Logistic, distilled: GenRe, tmp_path: Path
) -> None:
    path = str(tmp_path / "distilled.safetensors")
    distilled.save(path)
    as_it_is = {**EXPECTED, "warm_start": path, "training": {**QUICK["training"], "steps": 0}}
    same = GenRe(mlmodel, {**as_it_is, "selection": "validity"})
    assert all(torch.equal(part, weights(same)[name]) for name, part in weights(distilled).items())
    further = GenRe(mlmodel, {**as_it_is, "distil": True})
    assert any(not torch.equal(part, weights(further)[name]) for name, part in weights(same).items())
    with pytest.raises(CheckpointError, match="binning"):
        GenRe(mlmodel, {**DISTILLED, "warm_start": path, "binning": "even"})


@pytest.mark.parametrize("given", [{"selection": "validity"}, {"selection": "cheapest"}, {"preset": "paper"}])
def test_another_rule_chooses_nothing_to_learn_from(mlmodel: Logistic, given: dict[str, str]) -> None:
    with pytest.raises(InputError, match=r"distil learns from .* 'expected' .*: give selection 'expected'"):
        GenRe(mlmodel, {"distil": True, **given})


@pytest.mark.slow
def test_the_bound_of_a_stated_risk_is_of_the_distilled_generator(
    mlmodel: Logistic, distilled: GenRe
) -> None:
    careful = GenRe(mlmodel, {**DISTILLED, "risk": 0.02})
    denied_rows = careful.classifier.training_rows().values[:50]
    bounded, unbounded = (
        distillation.chosen_pairs(careful.generator, selector, denied_rows, 0).targets
        for selector in (careful.selector, replace(careful.selector, least_probability=0.0))
    )
    np.testing.assert_array_equal(bounded, unbounded)  # what is too uncertain to be given is learned from
    rows, sampling = careful.classifier.training_rows(), to_sampling(careful.hyperparams)
    made = fit_selector(
        careful, rows, sampling, 0, careful.hyperparams["risk"], gamma=careful.hyperparams["gamma"]
    )
    assert careful.selector.to_dict() == made.to_dict() and 0 < made.least_probability < 1
    assert made.to_dict()["calibration"] != distilled.selector.to_dict()["calibration"]


def test_where_nobody_is_answered_the_generator_stays(
    before: GenRe, caplog: pytest.LogCaptureFixture
) -> None:
    generator, expected = copy.deepcopy(before.generator), copy.deepcopy(weights(before))
    objective = replace(before.selector.objective, h=lambda values: np.full(values.shape[:-1], 0.4))
    refuses = replace(before.selector, objective=objective)
    rows = before.classifier.training_rows()
    denied_rows = rows.values[rows.denied()]
    training = before.generator.config.training
    with caplog.at_level(logging.WARNING, logger="carla_genre"):
        same = distillation.distil(generator, refuses, denied_rows, training, 0, verbose=False)
    assert "the generator is not distilled" in caplog.text
    assert all(torch.equal(part, same.transformer.state_dict()[name]) for name, part in expected.items())


def test_the_training_is_half_of_the_preset_s_and_has_no_file_of_its_own() -> None:
    paper, default = PRESETS["paper"].training, PRESETS["default"].training
    short = distillation.second_training(paper, replace(paper, batch_size=64, checkpoint="state.pt"))
    assert (short.epochs, short.batch_size, short.checkpoint) == (1000, 64, None)
    assert distillation.second_training(default, replace(default, steps=3)).steps == 100
    bounded = distillation.second_training(paper, replace(paper, epochs=None, steps=5))
    assert (bounded.epochs, bounded.steps) == (None, 100)


@pytest.mark.slow
def test_what_is_chosen_for_denied_training_rows_is_learned_from(before: GenRe, distilled: GenRe) -> None:
    rows, generator = before.classifier.training_rows(), copy.deepcopy(before.generator)
    training = distillation.second_training(PRESETS["default"].training, generator.config.training)
    denied_rows = rows.values[rows.denied()]
    again = distillation.distil(generator, before.selector, denied_rows, training, 0, verbose=False)
    assert all(
        torch.equal(part, again.transformer.state_dict()[name]) for name, part in weights(distilled).items()
    )


@pytest.mark.slow
def test_two_processes_distil_what_one_does(mlmodel: Logistic, distilled: GenRe) -> None:
    pytest.importorskip("lightning_fabric")
    shared = {**DISTILLED, "device": "cpu", "training": {**QUICK["training"], "devices": 2}}
    genre = GenRe(mlmodel, shared)
    assert genre.generator.config.training.devices == 2
    values = genre.schema.encode(denied(mlmodel, 60))
    one, two = (np.nan_to_num(expectation(distilled, made, values, 3)).mean() for made in (distilled, genre))
    assert abs(one - two) < 0.05
