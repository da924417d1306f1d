"""The rule "expected" in GenRe: its sampling, what h is asked, checkpoints, certainty and the stated risk."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from method_cases import QUICK, ROLES, Instead, Logistic, applicants, denied, make_mlmodel
from selection_cases import EXPECTED

from carla_genre import GenRe, load_dataset
from carla_genre.evaluation.violations import violations
from carla_genre.selection.revert import TRIALS


def test_it_is_the_default_and_each_rule_has_its_sampling(genre: GenRe) -> None:
    default = GenRe.options_for(None)
    assert (default.selection, default.temperature, default.n_samples) == ("expected", 1.0, 100)
    paper = GenRe.options_for({"preset": "paper"})
    assert (paper.selection, paper.temperature, paper.n_samples) == ("validity", 10.0, 10)
    other = genre.with_sampling(selection="validity").hyperparams
    assert (other["temperature"], other["n_samples"]) == (10.0, 30)  # 30 was asked for
    back = genre.with_sampling(selection="validity", n_samples=10).with_sampling(selection="expected")
    assert (back.hyperparams["temperature"], back.hyperparams["n_samples"]) == (1.0, 100)


def test_h_is_asked_once_about_each_candidate(
    genre: GenRe, mlmodel: Logistic, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[np.ndarray] = []

    def counted(rows: pd.DataFrame) -> np.ndarray:
        asked.append(rows.to_numpy(dtype=float))
        return Logistic.predict_proba(mlmodel, rows)

    factuals = denied(mlmodel, 12)
    candidates = genre.candidates(genre.schema.encode(factuals)).reshape(12 * 30, -1)
    plain = GenRe(mlmodel, {**EXPECTED, "revert": False})
    monkeypatch.setattr(mlmodel, "predict_proba", counted)
    plain.get_counterfactuals(factuals)
    own, *once = asked
    np.testing.assert_array_equal(own, factuals[list(genre.schema.columns)].to_numpy(dtype=float))
    np.testing.assert_array_equal(np.concatenate(once), genre.schema.decode(candidates).to_numpy(dtype=float))
    asked.clear()
    genre.get_counterfactuals(factuals)
    _, first, *trials = asked
    assert len(first) == 12 * 30
    assert len(trials) > 1  # one a turn: neither the chosen candidates nor the same trials again
    assert not any(np.array_equal(one, other) for one, other in pairwise([first, *trials]))
    assert all(len(trial) <= max(12 * 10, TRIALS) for trial in trials)


def test_answers_keep_constraints_and_do_not_depend_on_who_else_asks(mlmodel: Logistic) -> None:
    frozen = {"age": {"direction": "increase"}, "region": {"immutable": True}}
    genre = GenRe(mlmodel, {**EXPECTED, "constraints": frozen})
    factuals = denied(mlmodel, 12)
    answers = genre.get_counterfactuals(factuals)
    assert violations(genre.schema, factuals, answers).rows == 0
    assert answers.notna().all(axis=1).any()
    for place in (0, 11):
        pd.testing.assert_frame_equal(
            genre.get_counterfactuals(factuals.iloc[[place]]), answers.iloc[[place]]
        )


def test_reload_equals_saved(genre: GenRe, mlmodel: Logistic, tmp_path: Path) -> None:
    factuals = denied(mlmodel, 15)
    path = tmp_path / "loans.safetensors"
    genre.save(path)
    loaded = GenRe.load(path, mlmodel)
    pd.testing.assert_frame_equal(loaded.get_counterfactuals(factuals), genre.get_counterfactuals(factuals))
    # saved without: learnt from the classifier's own rows, as it would have been
    genre.with_sampling(selection="validity").save(path)
    other = GenRe.load(path, mlmodel)
    assert other.hyperparams["selection"] == "validity"
    other = other.with_sampling(selection="expected", temperature=1.0, n_samples=30)
    pd.testing.assert_frame_equal(other.get_counterfactuals(factuals), genre.get_counterfactuals(factuals))


def test_a_loaded_one_is_saved_with_what_the_first_has_learnt(
    genre: GenRe, mlmodel: Logistic, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    genre.save(first)
    GenRe.load(first, mlmodel).save(second)
    loaded, factuals = GenRe.load(second, mlmodel), denied(mlmodel, 5)
    pd.testing.assert_frame_equal(loaded.get_counterfactuals(factuals), genre.get_counterfactuals(factuals))
    assert "selector" in genre.seconds and "selector" not in loaded.seconds  # nothing is fitted anew


def test_certainty_tells_accepted_rows_from_denied_ones(genre: GenRe, mlmodel: Logistic) -> None:
    factuals = denied(mlmodel, 30)
    answers = genre.get_counterfactuals(factuals)
    answers.iloc[2] = np.nan
    sure = genre.certainty(answers)
    assert sure.index.equals(answers.index) and list(sure.columns) == ["valid", "inlier"]
    assert sure.iloc[2].isna().all() and sure.drop(index=sure.index[2]).notna().all(axis=None)
    assert sure["valid"].mean() > genre.certainty(factuals)["valid"].mean() + 0.2


def test_the_test_rows_are_never_looked_at(genre: GenRe, mlmodel: Logistic) -> None:
    blind = make_mlmodel()
    blind.data = Instead(blind.data, df_test=blind.data.df_test.iloc[:0])
    factuals = denied(mlmodel, 10)
    answers = GenRe(blind, EXPECTED).get_counterfactuals(factuals)
    pd.testing.assert_frame_equal(answers, genre.get_counterfactuals(factuals))


def test_a_rule_that_comes_later_is_the_one_of_the_beginning(genre: GenRe, mlmodel: Logistic) -> None:
    other = GenRe(mlmodel, QUICK).with_sampling(selection="expected", n_samples=30)
    factuals = denied(mlmodel, 20)
    pd.testing.assert_frame_equal(other.get_counterfactuals(factuals), genre.get_counterfactuals(factuals))


def test_who_is_settled_together_changes_no_answer(
    genre: GenRe, asked: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    values, candidates, scores = asked
    whole = genre.selector.select(values, candidates, scores).answers
    batches = [(slice(i, i + 3), candidates[i : i + 3]) for i in range(0, len(values) - 1, 3)]
    batches += [(slice(len(values) - 1, len(values)), candidates[-1:])]
    for people in (1, 8, 1000):
        found = genre.selector.select_batches(values, batches, genre.scores, together=people)
        np.testing.assert_array_equal(found, whole)


@pytest.fixture(scope="module")
def noisy() -> Logistic:
    """Of its labels a fifth is chance."""
    rows = applicants()
    chance = np.random.default_rng(0).random(len(rows)) < 0.2
    rows["approved"] = np.where(chance, 1 - rows["approved"], rows["approved"])
    data = load_dataset(rows, encoding_method="OneHot_drop_binary", quiet=True, **ROLES)
    return Logistic(data)


@pytest.fixture(scope="module")
def careful(noisy: Logistic) -> GenRe:
    return GenRe(noisy, {**EXPECTED, "risk": 0.05})


def test_who_would_be_answered_too_uncertainly_is_not_answered(careful: GenRe, noisy: Logistic) -> None:
    factuals = denied(noisy, 100)
    answers = careful.get_counterfactuals(factuals)
    values = careful.schema.encode(factuals)
    candidates = careful.candidates(values)
    unbounded = replace(careful.selector, least_probability=0.0)
    everybody = unbounded.select(values, candidates, careful.scores(candidates))
    given, answered = answers.notna().all(axis=1).to_numpy(), ~np.isnan(everybody.score)
    assert 0.2 < given.mean() < answered.mean()
    np.testing.assert_array_equal(careful.schema.encode(answers[given]), everybody.answers[given])
    certainty = everybody.validity * everybody.inlier
    assert certainty[given].min() >= careful.selector.least_probability > certainty[answered & ~given].max()


def test_another_sampling_has_a_bound_of_its_own(careful: GenRe) -> None:
    few, anew = careful.with_sampling(n_samples=3), careful.with_sampling(n_samples=3)
    assert few.selector.to_dict() == anew.selector.to_dict()
    assert few.selector.least_probability != careful.selector.least_probability
    assert careful.with_sampling(n_samples=30).selector.to_dict() == careful.selector.to_dict()


@pytest.mark.slow
def test_other_constraints_have_a_bound_of_their_own(careful: GenRe) -> None:
    told = careful.with_constraints({"debt": {"immutable": True}})
    assert 0 < told.selector.least_probability != careful.selector.least_probability


@pytest.mark.slow
def test_another_seed_holds_out_the_rows_that_the_generator_has_not_seen(careful: GenRe) -> None:
    """Nothing learns from the rows that the bound is found on, whatever the seed that answers."""
    learned = careful.selector.objective.judge.rows
    other = careful.with_sampling(seed=7).selector.objective.judge.rows
    np.testing.assert_array_equal(learned, other)
    assert len(learned) == round(len(careful.training_rows.values) / 2)
