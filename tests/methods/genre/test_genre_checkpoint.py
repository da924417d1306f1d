"""GenRe's files: loaded or resumed it answers alike, and one of another classifier is refused."""

from pathlib import Path

import pandas as pd
import pytest
from method_cases import QUICK, Logistic, assert_contract, denied, make_mlmodel, training_stopped_at

from carla_genre import CheckpointError, GenRe


def test_saved_and_loaded_answers_are_equal(genre: GenRe, mlmodel: Logistic, tmp_path: Path) -> None:
    path = tmp_path / "genre.safetensors"
    genre.with_sampling(n_samples=5, selection="cheapest").save(path)
    loaded = GenRe.load(path, mlmodel)
    assert loaded.hyperparams["n_samples"] == 5 and loaded.hyperparams["selection"] == "cheapest"
    factuals = denied(mlmodel)
    expected = genre.with_sampling(n_samples=5, selection="cheapest").get_counterfactuals(factuals)
    pd.testing.assert_frame_equal(loaded.get_counterfactuals(factuals), expected)
    other = loaded.with_sampling(temperature=1.0)
    assert_contract(other, factuals, other.get_counterfactuals(factuals))


def test_constraints_survive_a_reload(mlmodel: Logistic, tmp_path: Path) -> None:
    method = GenRe(mlmodel, {**QUICK, "constraints": {"income": {"direction": "increase"}}})
    method.save(tmp_path / "file")
    loaded = GenRe.load(tmp_path / "file", mlmodel)
    assert loaded.schema == method.schema
    assert loaded.hyperparams == method.hyperparams


def test_a_checkpoint_of_another_classifier_or_schema_is_refused(genre: GenRe, tmp_path: Path) -> None:
    path = tmp_path / "file"
    genre.save(path)
    other_rows = make_mlmodel()
    other_rows.raw_model.coef_ = other_rows.raw_model.coef_ * 2
    with pytest.raises(CheckpointError, match="another classifier: h differs on"):
        GenRe.load(path, other_rows)
    with pytest.raises(CheckpointError, match="lacks columns"):
        GenRe.load(path, make_mlmodel("OneHot"))
    with pytest.raises(CheckpointError, match="'owner' is immutable now"):
        GenRe.load(path, make_mlmodel(immutables=["age", "region", "owner"]))
    with pytest.raises(CheckpointError, match="no checkpoint at"):
        GenRe.load(tmp_path / "absent", other_rows)


def test_an_interrupted_training_resumes(mlmodel: Logistic, tmp_path: Path) -> None:
    hyperparams = {**QUICK, "training": {**QUICK["training"], "checkpoint": str(tmp_path / "state")}}
    with training_stopped_at(20), pytest.raises(KeyboardInterrupt):
        GenRe(mlmodel, {**hyperparams, "verbose": True})
    resumed = GenRe(mlmodel, hyperparams)
    factuals = denied(mlmodel)
    expected = GenRe(mlmodel, QUICK).get_counterfactuals(factuals)
    pd.testing.assert_frame_equal(resumed.get_counterfactuals(factuals), expected)
