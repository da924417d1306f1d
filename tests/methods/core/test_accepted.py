"""Whom h accepts already is told nothing, whatever the method; an h that contradicts the labels is told of."""

from __future__ import annotations

import logging
import threading
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from method_cases import QUICK, Logistic, denied, make_mlmodel, quick_selector

from carla_genre import GenRe, build_method


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("GenRe", {**QUICK, "selection": "expected"}),
        ("GenRe", QUICK),
        ("NNR", {}),
        ("ROAR", {"steps": 10}),
        ("PROBE", {"steps": 10}),
    ],
)
def test_an_accepted_factual_is_its_own_answer(name: str, given: dict[str, Any], mlmodel: Logistic) -> None:
    with quick_selector():
        method = build_method(name, mlmodel, {**given, "verbose": False})
    test = mlmodel.data.df_test.head(60)
    accepted = mlmodel.predict_proba(test)[:, 1] > 0.5
    answers = method.get_counterfactuals(test)
    own = test[answers.columns]
    pd.testing.assert_frame_equal(answers[accepted], own[accepted], check_dtype=False)
    pd.testing.assert_frame_equal(
        answers[~accepted], method.get_counterfactuals(test[~accepted]), check_dtype=False
    )


class Swapped(Logistic):
    """The columns of predict_proba are exchanged."""

    def predict_proba(self, x: Any) -> np.ndarray:
        return super().predict_proba(x)[:, ::-1]


def test_an_h_that_contradicts_the_labels_is_told_of(
    mlmodel: Logistic, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "carla_genre"):
        GenRe(mlmodel, QUICK)
        assert "contradicts" not in caplog.text
        GenRe(Swapped(mlmodel.data), QUICK)
    assert "h contradicts the training labels" in caplog.text and "second column" in caplog.text


@pytest.mark.parametrize("name", ["NNR", "Unconditional", "GenRe"])
def test_it_is_told_once_for_a_classifier_whatever_the_method_and_the_rows(
    name: str, mlmodel: Logistic, caplog: pytest.LogCaptureFixture
) -> None:
    swapped, training = Swapped(mlmodel.data), {"training": {"steps": 2}} if name != "NNR" else {}
    with caplog.at_level(logging.WARNING, "carla_genre"), quick_selector():
        given = {**QUICK, "selection": "expected"} if name == "GenRe" else {"gamma": 0.5, **training}
        method = build_method(name, swapped, {**given, "verbose": False})
        build_method("NNR", swapped, {"gamma": 0.5, "verbose": False})
        factuals = denied(swapped, 2)
        for _ in range(2):
            method.get_counterfactuals(factuals)
    assert caplog.text.count("h contradicts the training labels") == 1


def test_load_and_an_h_that_raises_leave_torchs_random_state(
    genre: GenRe, mlmodel: Logistic, tmp_path: Any
) -> None:
    class Raises(Logistic):
        def predict_proba(self, x: Any) -> np.ndarray:
            raise OSError("no connection")

    genre.save(tmp_path / "file")
    before = torch.random.get_rng_state(), torch.get_num_threads()
    GenRe.load(tmp_path / "file", mlmodel)
    with pytest.raises(OSError, match="no connection"):
        GenRe(Raises(mlmodel.data), QUICK)
    assert torch.equal(torch.random.get_rng_state(), before[0]) and torch.get_num_threads() == before[1]


@pytest.mark.slow
def test_trainings_in_parallel_threads_equal_those_alone(genre: GenRe, mlmodel: Logistic) -> None:
    def train(seed: int) -> None:
        trained[seed] = GenRe(mlmodel, {**QUICK, "seed": seed})

    before, trained = torch.random.get_rng_state(), dict[int, GenRe]()
    threads = [threading.Thread(target=train, args=(seed,)) for seed in (0, 1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert torch.equal(torch.random.get_rng_state(), before)
    factuals = denied(mlmodel, 10)
    pd.testing.assert_frame_equal(
        trained[0].get_counterfactuals(factuals), genre.get_counterfactuals(factuals)
    )
    alone = GenRe(mlmodel, {**QUICK, "seed": 2})
    pd.testing.assert_frame_equal(
        trained[2].get_counterfactuals(factuals), alone.get_counterfactuals(factuals)
    )


def test_two_levels_of_an_index_stay(genre: GenRe, mlmodel: Logistic) -> None:
    factuals = denied(mlmodel, 4)
    factuals.index = pd.MultiIndex.from_product([["north", "south"], [1, 2]], names=["branch", "number"])
    pd.testing.assert_index_equal(genre.get_counterfactuals(factuals).index, factuals.index)


def test_a_cost_of_text_levels_counts_each_change_once() -> None:
    from carla_genre.evaluation.cost import cost
    from carla_genre.evaluation.violations import violations
    from carla_genre.schema import Schema

    texts = make_mlmodel("Identity")
    factuals = denied(texts, 3)[list(texts.feature_input_order)]
    answers = factuals.assign(job=["job a", "atlantis", None], owner=factuals["owner"])
    found = cost(Schema.from_mlmodel(texts), factuals, answers)
    assert found[0] == float(factuals["job"].iloc[0] != "job a") and found[1] == 1 and np.isnan(found[2])
    assert violations(Schema.from_mlmodel(texts), factuals, answers).one_hot == 1
