"""gamma of calibrated confidences: how sure h says that it is makes no difference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from method_cases import QUICK, Logistic, denied

from carla_genre import GenRe, InputError
from carla_genre.methods.baselines.nearest import NearestNeighbor

CALIBRATED = {**QUICK, "calibrate": True, "selection": "cheapest"}


class Distorted(Logistic):
    """The same decisions with other confidences: the logit times a factor."""

    def __init__(self, h: Logistic, factor: float) -> None:
        vars(self).update(vars(h))
        self._factor = factor

    def predict_proba(self, x: Any) -> np.ndarray:
        p = super().predict_proba(x)[:, 1]
        accepted = 1 / (1 + (1 / p - 1) ** self._factor)
        return np.stack([1 - accepted, accepted], axis=1)


@pytest.fixture(scope="module")
def shy(mlmodel: Logistic) -> Distorted:
    """Sure of nobody."""
    return Distorted(mlmodel, 1 / 60)


@pytest.fixture(scope="module")
def calibrated(mlmodel: Logistic) -> GenRe:
    return GenRe(mlmodel, CALIBRATED)


@pytest.fixture(scope="module")
def of_shy(shy: Distorted) -> GenRe:
    return GenRe(shy, CALIBRATED)


def test_an_h_that_is_sure_of_nobody_is_learned_as_it_would_be_otherwise(
    mlmodel: Logistic, shy: Distorted, calibrated: GenRe, of_shy: GenRe
) -> None:
    with pytest.raises(InputError, match="D_h\\+ is empty"):
        GenRe(shy, QUICK)
    factuals = denied(mlmodel, 60)
    found, expected = (one.get_counterfactuals(factuals) for one in (of_shy, calibrated))
    pd.testing.assert_frame_equal(found, expected)
    assert of_shy.generator.config.pairs.gamma == of_shy.gamma < 0.7


def test_the_decision_stays(mlmodel: Logistic, calibrated: GenRe) -> None:
    test = mlmodel.data.df_test.head(300)
    values = calibrated.schema.encode(test)
    np.testing.assert_array_equal(calibrated.scores(values), mlmodel.predict_proba(test)[:, 1])
    answers = calibrated.get_counterfactuals(test).dropna()
    assert (mlmodel.predict_proba(answers)[:, 1] > 0.5).all()
    accepted = test[mlmodel.predict_proba(test)[:, 1] > 0.5]
    pd.testing.assert_frame_equal(answers.loc[accepted.index], accepted[answers.columns])


def test_it_is_saved_with_the_threshold_that_was_found(
    tmp_path: Path, mlmodel: Logistic, shy: Distorted, of_shy: GenRe
) -> None:
    path, factuals = tmp_path / "genre.safetensors", denied(mlmodel, 30)
    of_shy.save(path)
    loaded = GenRe.load(path, shy)
    assert (loaded.gamma, loaded.hyperparams["calibrate"]) == (of_shy.gamma, True)
    assert loaded.hyperparams["gamma"] == 0.7
    pd.testing.assert_frame_equal(loaded.get_counterfactuals(factuals), of_shy.get_counterfactuals(factuals))
    surer = loaded.with_sampling(gamma=0.9)
    assert loaded.gamma < surer.gamma == of_shy.with_sampling(gamma=0.9).gamma < 0.7
    assert loaded.with_sampling(seed=3).gamma == loaded.gamma


def test_another_gamma_is_of_calibrated_confidences_too(calibrated: GenRe, mlmodel: Logistic) -> None:
    other = calibrated.with_sampling(gamma=0.9)
    assert calibrated.gamma < other.gamma
    assert other.with_sampling(gamma=0.7).gamma == calibrated.gamma


def test_without_it_gamma_is_of_h_itself(genre: GenRe) -> None:
    assert genre.gamma == genre.hyperparams["gamma"] == genre.with_sampling(seed=1).gamma
    assert genre.with_sampling(gamma=0.9).gamma == 0.9


@pytest.mark.slow
@pytest.mark.usefixtures("quick_selectors")
def test_the_selector_is_sure_above_the_threshold_that_was_found(shy: Distorted) -> None:
    genre = GenRe(shy, {**CALIBRATED, "selection": "expected"})
    assert genre.selector.objective.gamma == genre.gamma < 0.7


@pytest.mark.parametrize("accepted", ["predicted", "confident", "labelled"])
def test_the_nearest_rows_are_the_same_however_sure_h_is(
    mlmodel: Logistic, shy: Distorted, accepted: str
) -> None:
    given, factuals = {"accepted": accepted, "calibrate": True}, denied(mlmodel, 60)
    found, expected = (NearestNeighbor(h, given).get_counterfactuals(factuals) for h in (shy, mlmodel))
    pd.testing.assert_frame_equal(found, expected)
