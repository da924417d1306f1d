"""Methods and catalogs go to other processes."""

from __future__ import annotations

import io
import multiprocessing
import pickle
from typing import Any

import joblib
import pandas as pd
import pytest
from method_cases import QUICK, Logistic, denied, make_mlmodel, quick_selector

from carla_genre import GenRe, build_method


def answers(method: Any, factuals: pd.DataFrame) -> pd.DataFrame:
    return method.get_counterfactuals(factuals)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("GenRe", {**QUICK, "selection": "expected"}),
        ("NNR", {}),
        ("ROAR", {"steps": 20}),
        ("PROBE", {"steps": 20}),
        ("Unconditional", {**QUICK, "selection": "cheapest", "n_candidates": 20}),
        ("PAR", {"components": 4, "em_steps": 5, "surrogate_steps": 20, "steps": 20}),
        ("TAP", {"n_iter": 20, "verifier": {"max_steps": 20}}),
        ("TabSyn+Q", {"width": 32, "vae_steps": 5, "diffusion_steps": 5, "sampling_steps": 4}),
    ],
)
def test_a_method_that_comes_back_from_joblib_answers_the_same(
    name: str, given: dict[str, Any], mlmodel: Logistic
) -> None:
    with quick_selector():
        method = build_method(name, mlmodel, {**given, "verbose": False})
    file = io.BytesIO()
    joblib.dump(method, file)
    file.seek(0)
    factuals = denied(mlmodel, 5)
    pd.testing.assert_frame_equal(answers(joblib.load(file), factuals), answers(method, factuals))


@pytest.mark.slow
def test_a_spawned_process_answers_the_same(genre: GenRe, mlmodel: Logistic) -> None:
    factuals = denied(mlmodel, 5)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.apply(answers, (genre, factuals))
    pd.testing.assert_frame_equal(there, answers(genre, factuals))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="nothing forks here")
def test_a_forked_process_answers_the_same_and_does_not_hang(mlmodel: Logistic) -> None:
    """The threads of torch's and scikit-learn's pools are not there in a fork, and both would wait for them."""
    with quick_selector():
        method = GenRe(mlmodel, {**QUICK, "selection": "expected", "threads": 2, "verbose": False})
    factuals = denied(mlmodel, 5)
    expected, context = answers(method, factuals), multiprocessing.get_context("fork")
    there, here = context.Pipe()
    child = context.Process(target=lambda: there.send(answers(method, factuals)))
    child.start()
    try:
        assert here.poll(60), "the forked process hangs"
        pd.testing.assert_frame_equal(here.recv(), expected)
    finally:
        child.kill()


@pytest.mark.parametrize("encoding", ["OneHot_drop_binary", "OneHot", "Identity"])
def test_a_catalog_comes_back_whole(encoding: str) -> None:
    data = make_mlmodel(encoding, increasing=["income"]).data
    again = pickle.loads(pickle.dumps(data))
    rows = data.df_test.head(20)
    raw = data.inverse_transform(rows)
    pd.testing.assert_frame_equal(again.df_train, data.df_train)
    pd.testing.assert_frame_equal(again.inverse_transform(rows), raw)
    pd.testing.assert_frame_equal(again.transform(raw), data.transform(raw))
    assert again.constraints == data.constraints
