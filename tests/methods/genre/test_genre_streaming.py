"""Questions of any length: batches of candidates are scored and reduced one after the other."""

from __future__ import annotations

import contextlib
import io
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from method_cases import Logistic, denied

from carla_genre import GenRe
from carla_genre.generator import sampler
from carla_genre.generator.decoding import bytes_per_answer
from carla_genre.progress import Bar, bar

N_SAMPLES = 40
ROWS_A_BATCH = 64


@pytest.fixture
def method(genre: GenRe) -> GenRe:
    return genre.with_sampling(n_samples=N_SAMPLES)


@pytest.fixture
def small_batches(method: GenRe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of 64 factuals."""
    room = ROWS_A_BATCH * N_SAMPLES * bytes_per_answer(method.generator.transformer)
    monkeypatch.setitem(sampler.BATCH_BYTES, "cpu", room)


@pytest.fixture
def many(mlmodel: Logistic) -> pd.DataFrame:
    """1200 rows."""
    people = denied(mlmodel)
    return people.sample(1200, replace=True, random_state=0, ignore_index=True)


@pytest.fixture
def bars(monkeypatch: pytest.MonkeyPatch) -> list[Bar]:
    """All bars."""
    bars: list[Bar] = []

    @contextlib.contextmanager
    def kept(*args: Any) -> Iterator[Bar]:
        with bar(*args) as one:
            bars.append(one)
            yield one

    monkeypatch.setattr(sampler, "bar", kept)
    return bars


def test_batches_change_no_answer(method: GenRe, many: pd.DataFrame, request: pytest.FixtureRequest) -> None:
    whole = method.get_counterfactuals(many)
    request.getfixturevalue("small_batches")
    pd.testing.assert_frame_equal(method.get_counterfactuals(many), whole)


@pytest.mark.slow
def test_no_more_than_a_batch_of_candidates_is_held(
    method: GenRe, many: pd.DataFrame, small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored: list[int] = []
    scores = method.scores

    def counted(values: np.ndarray) -> np.ndarray:
        if values.ndim == 3:  # candidates; the factuals themselves are asked about at once
            scored.append(len(values))
        return scores(values)

    monkeypatch.setattr(method, "scores", counted)
    peaks = []
    for people in (many[:400], many):
        tracemalloc.start()
        method.get_counterfactuals(people)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert max(scored) == ROWS_A_BATCH and sum(scored) == 1600
    candidates, answers = (800 * n * 8 for n in (N_SAMPLES * len(method.schema.features), many.shape[1]))
    assert (
        peaks[1] - peaks[0] < 4 * answers < candidates
    )  # the frames grow with the people, nothing else does


def test_the_bar_counts_every_factual(
    method: GenRe,
    many: pd.DataFrame,
    small_batches: None,
    bars: list[Bar],
    terminal: Callable[[], io.StringIO],
) -> None:
    shown = terminal()
    method.hyperparams["verbose"] = True
    method.get_counterfactuals(many)
    assert [(bar.total, bar.done) for bar in bars] == [(1200, 1200)]
    assert "1200/1200" in (told := shown.getvalue())
    method.hyperparams["verbose"] = False
    method.get_counterfactuals(many)
    assert shown.getvalue() == told


def test_stopping_leaves_everything_as_it_was(
    method: GenRe, many: pd.DataFrame, small_batches: None, bars: list[Bar], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = method.get_counterfactuals(many)
    scores, calls = method.scores, []

    def interrupted(values: np.ndarray) -> np.ndarray:
        if values.ndim == 3:
            calls.append(len(values))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return scores(values)

    method.generator.train()
    method.hyperparams["verbose"] = True
    with monkeypatch.context() as patch:
        patch.setattr(method, "scores", interrupted)
        with pytest.raises(KeyboardInterrupt):
            method.get_counterfactuals(many)
    assert bars[-1].done == 2 * ROWS_A_BATCH
    assert method.generator.training
    pd.testing.assert_frame_equal(method.get_counterfactuals(many), expected)
    method.generator.eval()
