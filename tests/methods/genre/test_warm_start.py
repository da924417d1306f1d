import copy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from method_cases import QUICK, ROLES, Logistic, applicants, denied, make_mlmodel, training_stopped_at

from carla_genre import CheckpointError, GenRe, InputError, load_dataset
from carla_genre.generator.trainer import Trainer


def steps(n: int, **training: Any) -> dict[str, Any]:
    """QUICK with another length."""
    return {**QUICK, "training": {**QUICK["training"], "steps": n, **training}}


@pytest.fixture(scope="module")
def old() -> Logistic:
    """The classifier that a generator is there for."""
    return make_mlmodel()


@pytest.fixture(scope="module")
def new() -> Logistic:
    """Another on the same rows: it makes more of debt, and so denies and accepts others."""
    mlmodel = make_mlmodel()
    debt = np.array(mlmodel.feature_input_order) == "debt"
    mlmodel.raw_model.coef_ = mlmodel.raw_model.coef_ * np.where(debt, 1.5, 1.0)
    return mlmodel


@pytest.fixture(scope="module")
def saved(old: Logistic, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A generator for the old classifier."""
    path = tmp_path_factory.mktemp("warm") / "old.safetensors"
    GenRe(old, steps(80)).save(path)
    return str(path)


@pytest.fixture(scope="module")
def warm(new: Logistic, saved: str) -> GenRe:
    return GenRe(new, {**steps(20), "warm_start": saved})


def test_without_a_step_it_has_the_saved_weights_and_bins(old: Logistic, new: Logistic, saved: str) -> None:
    start = GenRe(new, {**steps(0), "warm_start": saved}).generator.state_dict()
    source = GenRe.load(saved, old).generator.state_dict()
    assert start.keys() == source.keys()
    assert all(torch.equal(weights, source[name]) for name, weights in start.items())
    with pytest.raises(InputError, match="steps must be in"):
        GenRe(new, steps(0))


def test_it_gets_lower_than_a_cold_start_of_twice_the_steps(new: Logistic, warm: GenRe) -> None:
    # Both losses are of the same held-out people; the bins are of nearly the same values.
    assert min(warm.history.validation) < min(GenRe(new, steps(40)).history.validation) - 0.3


def test_it_learns_what_the_new_classifier_wants(
    old: Logistic, new: Logistic, saved: str, warm: GenRe
) -> None:
    _, pairs = copy.copy(warm)._untrained()
    before = GenRe.load(saved, old).generator
    untouched = Trainer(before, pairs, warm.generator.config.training, 0, False).validation_loss()
    assert min(warm.history.validation) < untouched - 0.2
    answers = warm.get_counterfactuals(denied(new, 60)).dropna()
    assert len(answers) > 40 and (new.predict_proba(answers)[:, 1] > 0.5).all()


def test_the_seed_decides(new: Logistic, saved: str, warm: GenRe) -> None:
    again = GenRe(new, {**steps(20), "warm_start": saved})
    other = GenRe(new, {**steps(20), "warm_start": saved, "seed": 1})
    factuals = denied(new)
    expected = warm.get_counterfactuals(factuals)
    pd.testing.assert_frame_equal(again.get_counterfactuals(factuals), expected)
    assert other.history.validation != warm.history.validation


def test_saved_and_loaded_it_answers_alike_and_can_be_started_from(
    old: Logistic, new: Logistic, warm: GenRe, tmp_path: Path
) -> None:
    path = tmp_path / "new.safetensors"
    warm.save(path)
    loaded = GenRe.load(path, new)
    assert loaded.hyperparams == warm.hyperparams
    factuals = denied(new)
    pd.testing.assert_frame_equal(loaded.get_counterfactuals(factuals), warm.get_counterfactuals(factuals))
    with pytest.raises(CheckpointError, match="another classifier"):
        GenRe.load(path, old)
    further = GenRe(new, {**steps(1), "warm_start": str(path), "gamma": 0.8, "lambda": 2.0, "top_k": 50})
    assert further.generator.config.pairs.gamma == 0.8


def test_a_fifth_of_the_presets_length_is_the_default(saved: str) -> None:
    for preset, name in (("default", "steps"), ("paper", "epochs")):
        cold = GenRe.options_for({"preset": preset}).training
        warm = GenRe.options_for({"preset": preset, "warm_start": saved}).training
        assert getattr(warm, name) == getattr(cold, name) / 5


def test_a_stopped_warm_start_is_taken_up(new: Logistic, saved: str, warm: GenRe, tmp_path: Path) -> None:
    hyperparams = {**steps(20, checkpoint=str(tmp_path / "state")), "warm_start": saved}
    with training_stopped_at(10), pytest.raises(KeyboardInterrupt):
        GenRe(new, {**hyperparams, "verbose": True})
    with pytest.raises(CheckpointError):  # it is not the state of a training that starts anew
        GenRe(new, {**hyperparams, "warm_start": None})
    factuals = denied(new)
    pd.testing.assert_frame_equal(
        GenRe(new, hyperparams).get_counterfactuals(factuals), warm.get_counterfactuals(factuals)
    )


@pytest.mark.slow
def test_two_processes_start_from_it_as_one_does(new: Logistic, saved: str, warm: GenRe) -> None:
    together = GenRe(new, {**steps(20, devices=2), "warm_start": saved})
    assert together.history.validation == pytest.approx(warm.history.validation, rel=1e-3)


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        ({"immutables": ["age"]}, "another schema: feature 'region' was"),
        ({"immutables": ["age", "region", "owner"]}, "'owner' is immutable now"),
        ({"encoding_method": "Identity"}, "another schema: the classifier lacks columns"),
    ],
)
def test_another_schema_is_refused(saved: str, roles: dict[str, Any], said: str) -> None:
    other = Logistic(
        load_dataset(applicants(), quiet=True, **{**ROLES, "encoding_method": "OneHot_drop_binary", **roles})
    )
    with pytest.raises(CheckpointError, match=said):
        GenRe(other, {**QUICK, "warm_start": saved})


def test_another_network_binning_or_no_file_is_refused(new: Logistic, saved: str, tmp_path: Path) -> None:
    wanted = {"architecture": {"decoder_layers": 1, "embedding": 16}, "n_bins": 64}
    with pytest.raises(CheckpointError, match=r"architecture.embedding 32, not 16.*n_bins 128, not 64"):
        GenRe(new, {**QUICK, **wanted, "warm_start": saved})
    with pytest.raises(CheckpointError, match="no checkpoint at"):
        GenRe(new, {**QUICK, "warm_start": str(tmp_path / "absent")})
    with pytest.raises(InputError, match="warm_start must be str"):
        GenRe(new, {**QUICK, "warm_start": 3})
