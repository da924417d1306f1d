"""Questions of any length: batches of candidates are scored and reduced one after the other."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from method_cases import Logistic, denied

from carla_genre import GenRe
from carla_genre.generator.sampler import batch_size

N_SAMPLES = 1000


class Counting(Logistic):
    """Counts the candidates that it is asked about, and may be interrupted before a batch of them."""

    asked: list[int]
    interrupted_at: int | None = None

    def predict_proba(self, x: Any) -> np.ndarray:
        if len(x) >= N_SAMPLES:  # candidates; the factuals themselves are fewer
            if len(self.asked) == self.interrupted_at:
                raise KeyboardInterrupt
            self.asked.append(len(x) // N_SAMPLES)
        return super().predict_proba(x)


@pytest.fixture
def h(mlmodel: Logistic) -> Counting:
    """The same numbers as the classifier that GenRe was trained for."""
    h = Counting(mlmodel.data)
    h.asked = []
    return h


@pytest.fixture
def method(genre: GenRe, h: Counting, tmp_path: Path) -> GenRe:
    """A thousand candidates each, which come in batches of a few people."""
    genre.with_sampling(n_samples=N_SAMPLES).save(tmp_path / "genre.safetensors")
    method = GenRe.load(tmp_path / "genre.safetensors", h)
    h.asked.clear()
    return method


@pytest.fixture
def rows_a_batch(method: GenRe) -> int:
    return batch_size(method.generator, N_SAMPLES)


@pytest.fixture
def many(mlmodel: Logistic, rows_a_batch: int) -> pd.DataFrame:
    """People for four batches, the last of which is not full."""
    return denied(mlmodel).sample(4 * rows_a_batch - 1, replace=True, random_state=0, ignore_index=True)


def test_batches_change_no_answer(method: GenRe, h: Counting, many: pd.DataFrame, rows_a_batch: int) -> None:
    whole = method.get_counterfactuals(many)
    assert h.asked == [*[rows_a_batch] * 3, rows_a_batch - 1]
    parts = [method.get_counterfactuals(many[start : start + 7]) for start in range(0, len(many), 7)]
    pd.testing.assert_frame_equal(pd.concat(parts), whole)


@pytest.mark.slow
def test_no_more_than_a_batch_of_candidates_is_held(
    method: GenRe, h: Counting, many: pd.DataFrame, rows_a_batch: int
) -> None:
    peaks = []
    for people in (many[: 2 * rows_a_batch], many):
        tracemalloc.start()
        method.get_counterfactuals(people)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert max(h.asked) == rows_a_batch
    more = len(many) - 2 * rows_a_batch
    candidates, answers = (more * n * 8 for n in (N_SAMPLES * len(method.schema.features), many.shape[1]))
    assert (
        peaks[1] - peaks[0] < 4 * answers < candidates
    )  # the frames grow with the people, nothing else does


def test_the_bar_counts_every_factual(
    method: GenRe, many: pd.DataFrame, terminal: Callable[[], io.StringIO]
) -> None:
    shown = terminal()
    method.hyperparams["verbose"] = True
    method.get_counterfactuals(many)
    assert f"{len(many)}/{len(many)}" in (told := shown.getvalue())
    method.hyperparams["verbose"] = False
    method.get_counterfactuals(many)
    assert shown.getvalue() == told


def test_stopping_leaves_everything_as_it_was(
    method: GenRe, h: Counting, many: pd.DataFrame, rows_a_batch: int, terminal: Callable[[], io.StringIO]
) -> None:
    expected, shown = method.get_counterfactuals(many), terminal()
    h.asked.clear()
    h.interrupted_at = 2
    method.generator.train()
    method.hyperparams["verbose"] = True
    with pytest.raises(KeyboardInterrupt):
        method.get_counterfactuals(many)
    assert f"{2 * rows_a_batch}/{len(many)}" in shown.getvalue()
    assert method.generator.training
    h.interrupted_at, method.hyperparams["verbose"] = None, False
    pd.testing.assert_frame_equal(method.get_counterfactuals(many), expected)
    method.generator.eval()
