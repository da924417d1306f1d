"""GenRe answers: the contract in every encoding, its options, and whatever its surroundings are."""

import contextlib
import copy
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from method_cases import QUICK, Instead, Logistic, assert_contract, denied, make_mlmodel

from carla_genre import GenRe, InputError


@pytest.mark.parametrize("encoding", ["OneHot_drop_binary", "OneHot", "Identity"])
def test_answers_hold_the_contract_in_every_encoding(encoding: str) -> None:
    mlmodel = make_mlmodel(encoding)
    method = GenRe(mlmodel, QUICK)
    assert len(method.schema.features) == 6  # the 12-level job is one position
    factuals = denied(mlmodel, 40)
    answers = method.get_counterfactuals(factuals)
    assert_contract(method, factuals, answers)
    assert answers.notna().all(axis=1).mean() > 0.8
    decoded = mlmodel.data.inverse_transform(answers.dropna())
    assert set(decoded["job"]) <= {f"job {letter}" for letter in "abcdefghijkl"}


def test_any_index_order_of_columns_and_further_columns(genre: GenRe, mlmodel: Logistic) -> None:
    factuals = denied(mlmodel)
    expected = genre.get_counterfactuals(factuals)
    odd = factuals.iloc[::-1, ::-1].assign(note="x", another=7.0)
    odd.index = pd.Index([f"person {i}" for i in np.random.default_rng(0).permutation(len(odd))])
    answers = genre.get_counterfactuals(odd)
    assert_contract(genre, odd, answers)
    np.testing.assert_array_equal(answers.to_numpy()[::-1], expected.to_numpy())
    without_target = genre.get_counterfactuals(factuals.drop(columns="approved"))
    pd.testing.assert_frame_equal(without_target, expected)


def test_the_test_rows_are_not_looked_at(mlmodel: Logistic) -> None:
    factuals, blind = denied(mlmodel), copy.copy(mlmodel)
    blind.data = copy.copy(mlmodel.data)
    blind.data._df_test = None
    with pytest.raises(AttributeError):
        _ = blind.data.df_test
    options = {**QUICK, "selection": "expected", "training": {**QUICK["training"], "steps": 5}}
    found, expected = (GenRe(h, options).get_counterfactuals(factuals) for h in (blind, mlmodel))
    pd.testing.assert_frame_equal(found, expected)


def test_none_one_and_twice_the_same(genre: GenRe, mlmodel: Logistic) -> None:
    factuals = denied(mlmodel)
    none = genre.get_counterfactuals(factuals.head(0))
    assert none.shape == (0, len(mlmodel.feature_input_order))
    whole = genre.get_counterfactuals(factuals)
    for place in (0, 7):
        one = genre.get_counterfactuals(factuals.iloc[[place]])
        pd.testing.assert_frame_equal(one, whole.iloc[[place]])
    twice = genre.get_counterfactuals(pd.concat([factuals, factuals]))
    assert_index = twice.index.tolist()
    assert assert_index == factuals.index.tolist() * 2
    np.testing.assert_array_equal(twice.to_numpy()[: len(whole)], twice.to_numpy()[len(whole) :])


def test_nothing_of_the_callers_changes(mlmodel: Logistic) -> None:
    hyperparams = copy.deepcopy(QUICK)
    factuals = denied(mlmodel)
    factuals_before, train_before = factuals.copy(), mlmodel.data.df_train
    torch_state, numpy_state, python_state = (
        torch.get_rng_state(),
        np.random.get_state()[1].copy(),
        random.getstate(),
    )
    method = GenRe(mlmodel, hyperparams)
    method.get_counterfactuals(factuals)
    assert hyperparams == QUICK
    pd.testing.assert_frame_equal(factuals, factuals_before)
    pd.testing.assert_frame_equal(mlmodel.data.df_train, train_before)
    assert torch.equal(torch_state, torch.get_rng_state())
    assert (numpy_state == np.random.get_state()[1]).all()
    assert python_state == random.getstate()


def test_the_seed_decides(genre: GenRe, mlmodel: Logistic) -> None:
    factuals = denied(mlmodel)
    again = GenRe(mlmodel, QUICK).get_counterfactuals(factuals)
    pd.testing.assert_frame_equal(genre.get_counterfactuals(factuals), again)
    other = genre.with_sampling(seed=1, temperature=1.0).get_counterfactuals(factuals)
    assert not other.equals(again)


def test_the_rules_pick_the_likeliest_and_the_cheapest(genre: GenRe, mlmodel: Logistic) -> None:
    factuals = denied(mlmodel)
    method = genre.with_sampling(temperature=1.0, n_samples=20)
    values = method.schema.encode(factuals)
    candidates = method.candidates(values)
    scores = method.scores(candidates)
    best = method.schema.encode(method.get_counterfactuals(factuals))
    np.testing.assert_array_equal(method.scores(best), scores.max(axis=1))

    cheap = method.schema.encode(method.with_sampling(selection="cheapest").get_counterfactuals(factuals))
    cost = method.schema.cost(values[:, None], candidates)
    cost[scores <= 0.7] = np.inf
    some = np.isfinite(cost).any(axis=1)
    assert some.mean() > 0.5
    np.testing.assert_allclose(method.schema.cost(values, cheap)[some], cost.min(axis=1)[some])
    assert (method.schema.cost(values, cheap) <= method.schema.cost(values, best) + 1e-12)[some].all()


def test_whom_h_denies_all_candidates_gets_nan(
    genre: GenRe, mlmodel: Logistic, monkeypatch: pytest.MonkeyPatch
) -> None:
    factuals = denied(mlmodel)
    monkeypatch.setattr(mlmodel, "predict_proba", lambda x: np.tile([0.9, 0.1], (len(x), 1)))
    answers = genre.get_counterfactuals(factuals)
    assert answers.isna().all(axis=None)


def test_the_paper_preset_trains_and_answers(mlmodel: Logistic) -> None:
    hyperparams = {
        "preset": "paper",
        "verbose": False,
        "training": {"steps": 2, "batch_size": 64},
        "architecture": {"encoder_layers": 2, "decoder_layers": 2},
    }
    method = GenRe(mlmodel, hyperparams)
    config = method.generator.config
    assert (config.pairs.top_k, config.binning.n_bins, config.binning.kind) == (1000, 50, "even")
    assert (config.architecture.embedding, config.architecture.heads, config.architecture.dropout) == (
        32,
        8,
        0.1,
    )
    assert config.training.soft_labels and config.training.epochs is None
    assert GenRe.options_for({"preset": "paper"}).training.epochs == 2000
    factuals = denied(mlmodel)
    assert_contract(method, factuals, method.get_counterfactuals(factuals))


@pytest.mark.parametrize(
    "options", [{"denied": "code"}, {"binning": "left-edges", "sigma": 1e-3}, {"lambda": 1.0}]
)
def test_the_codes_deviations_are_options(mlmodel: Logistic, options: dict) -> None:
    method = GenRe(mlmodel, {**QUICK, **options})
    factuals = denied(mlmodel)
    assert_contract(method, factuals, method.get_counterfactuals(factuals))
    for name, value in options.items():
        assert method.hyperparams[{"lambda": "lambda_"}.get(name, name)] == value


@pytest.mark.parametrize(
    "setting",
    [
        "float64",
        pytest.param("no_grad", marks=pytest.mark.slow),
        "inference_mode",
        pytest.param("autocast", marks=pytest.mark.slow),
    ],
)
def test_the_callers_torch_settings_change_nothing(
    setting: str, genre: GenRe, mlmodel: Logistic, tmp_path: Path
) -> None:
    genre.save(tmp_path / "genre.safetensors")
    factuals, state = denied(mlmodel), torch.get_rng_state()
    expected = genre.get_counterfactuals(factuals)
    context = {
        "float64": contextlib.nullcontext(),
        "no_grad": torch.no_grad(),
        "inference_mode": torch.inference_mode(),
        "autocast": torch.autocast("cpu", dtype=torch.bfloat16),
    }[setting]
    try:
        torch.set_default_dtype(torch.float64 if setting == "float64" else torch.float32)
        with context:
            trained, loaded = GenRe(mlmodel, QUICK), GenRe.load(tmp_path / "genre.safetensors", mlmodel)
            answers = [method.get_counterfactuals(factuals) for method in (trained, loaded, genre)]
    finally:
        torch.set_default_dtype(torch.float32)
    for found in answers:
        pd.testing.assert_frame_equal(found, expected)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_classifier_that_raises_leaves_the_global_random_state(
    genre: GenRe, mlmodel: Logistic, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, factuals = torch.get_rng_state(), denied(mlmodel)

    def fail(frame: object) -> np.ndarray:
        torch.rand(3)
        raise RuntimeError("no answer")

    monkeypatch.setattr(mlmodel, "predict_proba", fail)
    with pytest.raises(RuntimeError, match="no answer"):
        genre.get_counterfactuals(factuals)
    with pytest.raises(RuntimeError, match="no answer"):
        GenRe(mlmodel, QUICK)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("value", [1e30, 1e300])
def test_a_value_that_the_network_cannot_read_is_named_before_the_training(value: float) -> None:
    mlmodel = make_mlmodel()
    train = mlmodel.data.df_train.assign(debt=lambda rows: rows["debt"] * value)
    mlmodel.data = Instead(mlmodel.data, df_train=train)
    with pytest.raises(InputError, match=r"column 'debt' has (the value|numbers beyond single precision)"):
        GenRe(mlmodel, QUICK)


def test_a_factual_that_is_not_encoded_says_which_column(genre: GenRe, mlmodel: Logistic) -> None:
    factuals = denied(mlmodel)
    with pytest.raises(InputError, match="lacks the classifier's columns \\['debt'\\]"):
        genre.get_counterfactuals(factuals.drop(columns="debt"))
    with pytest.raises(InputError, match="'income' has missing"):
        genre.get_counterfactuals(factuals.assign(income=np.nan))
    with pytest.raises(InputError, match="no level of categorical 'job'"):
        genre.get_counterfactuals(factuals.assign(**{"job_job a": 0.5}))
    with pytest.raises(InputError, match="DataFrame"):
        genre.get_counterfactuals(factuals.to_numpy())


def test_gamma_without_rows_says_which_would_have_some(mlmodel: Logistic) -> None:
    with pytest.raises(InputError, match="gamma"):
        GenRe(mlmodel, {**QUICK, "gamma": 1 - 1e-12})


@pytest.mark.parametrize(
    ("unmatched", "said"), [("nearest", "0 are not learned from"), ("drop", "0 are paired")]
)
def test_denied_rows_without_a_match_are_counted(
    unmatched: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    mlmodel = make_mlmodel(immutables=["age", "region", "debt"])
    method = GenRe(mlmodel, {**QUICK, "unmatched": unmatched})
    assert "have no accepted row of the same immutables" in caplog.text and said in caplog.text
    factuals = denied(mlmodel, 40)
    assert_contract(method, factuals, method.get_counterfactuals(factuals))


@pytest.mark.slow  # tests/generator/distributed has the training itself
def test_two_processes_train_as_one_does_and_never_see_the_classifier() -> None:
    mlmodel = make_mlmodel()
    mlmodel.callback = lambda: None  # which no pickle takes
    together = GenRe(mlmodel, {**QUICK, "training": {**QUICK["training"], "devices": 2}})
    alone = GenRe(mlmodel, QUICK)
    assert together.history.validation == pytest.approx(alone.history.validation, rel=1e-3)
    factuals = denied(mlmodel)
    answers = together.get_counterfactuals(factuals)
    assert_contract(together, factuals, answers)
    same = (answers == alone.get_counterfactuals(factuals)).all(axis=1)
    assert same.mean() > 0.5  # the samples of nearly the same weights
