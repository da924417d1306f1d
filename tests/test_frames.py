"""Which answer is whose."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from carla_genre import InputError
from carla_genre.frames import matched


def answers(values: list[float], index: object = None) -> pd.DataFrame:
    return pd.DataFrame({"x": values}, index=index)


def labels(kind: str, random: np.random.Generator, n: int) -> pd.Index:
    if kind == "numbers":
        return pd.Index(random.permutation(1000)[:n] + 1)
    if kind == "permutation":
        return pd.Index(np.roll(np.arange(n), 1))
    if kind == "text":
        return pd.Index([f"person {i}" for i in random.permutation(n)])
    return pd.MultiIndex.from_tuples([("north" if i % 2 else "south", i) for i in random.permutation(n)])


@pytest.mark.parametrize("kind", ["numbers", "permutation", "text", "two levels"])
@pytest.mark.parametrize("each", [1, 3])
def test_the_factuals_labels_in_any_order(kind: str, each: int) -> None:
    random = np.random.default_rng(0)
    for n in range(2, 20):
        index = labels(kind, random, n)
        right = answers(list(np.repeat(np.arange(float(n)), each)), index.repeat(each))
        for order in (random.permutation(n), np.arange(n)[::-1]):
            places = (order[:, None] * each + np.arange(each)).ravel()
            if right.index[places].equals(pd.RangeIndex(n * each)):
                continue
            pd.testing.assert_frame_equal(matched(right.iloc[places], index), right)


def test_rows_numbered_anew_are_in_the_factuals_order() -> None:
    for index in (pd.Index([7, 5]), pd.Index(["a", "a"]), pd.Index([0, 5]), pd.RangeIndex(2)):
        assert matched(answers([1, 2]), index).index.equals(index)
        assert matched(answers([1, 1, 2, 2]), index).index.equals(index.repeat(2))
    assert len(matched(answers([]), pd.Index([]))) == 0


@pytest.mark.parametrize(
    ("factuals", "given", "says"),
    [
        ([2, 0, 1], [0, 1, 2], "the factuals have these labels in another order"),
        ([2, 0, 1], [5, 6, 7], "the labels are not the factuals'"),
        ([2, 2, 1], [1, 2, 2], "the labels are not the factuals'"),  # which of the two is it?
        ([2, 0, 1], [2, 2, 1], "the labels are not the factuals'"),
        ([2, 0, 1], [2, 0], "2 answers to 3 factuals"),
    ],
)
def test_nothing_is_guessed(factuals: list[int], given: list[int], says: str) -> None:
    with pytest.raises(InputError, match=says):
        matched(answers(list(range(len(given))), given), pd.Index(factuals))
