"""A saved GenRe has no person's row unless asked for, and is loaded for the rows of its training only."""

import copy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from method_cases import QUICK, Instead, Logistic, denied

from carla_genre import CheckpointError, GenRe

EXPECTED = {**QUICK, "selection": "expected", "n_samples": 20, "risk": 0.3}


pytestmark = pytest.mark.usefixtures("quick_selectors")


@pytest.fixture(scope="module")
def genre(mlmodel: Logistic) -> GenRe:
    return GenRe(mlmodel, EXPECTED)


def with_train(mlmodel: Logistic, train: pd.DataFrame) -> Logistic:
    """The same classifier, whose data have other training rows."""
    other = copy.copy(mlmodel)
    other.data = Instead(mlmodel.data, df_train=train)
    return other


@pytest.mark.parametrize("asked", [False, True])
def test_rows_are_in_the_file_only_where_asked_for(
    asked: bool, genre: GenRe, mlmodel: Logistic, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    genre.save(path, with_training_rows=asked)
    content = path.read_bytes()
    values = genre.selector.objective.judge.rows
    assert all((row.tobytes() in content) == asked for row in values[:50])
    train = mlmodel.data.df_train
    for other in (train.iloc[1:], train.iloc[::-1], train.assign(approved=1 - train["approved"])):
        if asked:
            GenRe.load(path, with_train(mlmodel, other))
        else:
            with pytest.raises(CheckpointError, match="trained on other rows"):
                GenRe.load(path, with_train(mlmodel, other))
    factuals = denied(mlmodel, 15)
    for loaded in (
        GenRe.load(path, mlmodel),
        GenRe.load(path, mlmodel).with_sampling(seed=genre.hyperparams["seed"]),
    ):
        pd.testing.assert_frame_equal(
            loaded.get_counterfactuals(factuals), genre.get_counterfactuals(factuals)
        )
        for moves, own in zip(loaded.selector.moves, genre.selector.moves, strict=True):  # the search's
            np.testing.assert_array_equal(moves, own)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda train: train.iloc[1:], "1125 rows there, 1124 here"),
        (
            lambda train: train.assign(income=train["income"].where(np.arange(len(train)) != 5, 0.5)),
            r"other values, or another order, of feature 'income'",
        ),
        (
            lambda train: train.assign(approved=np.r_[1 - train["approved"][:1], train["approved"][1:]]),
            "of the label",
        ),
    ],
)
def test_what_differs_is_told(change, says: str, genre: GenRe, mlmodel: Logistic, tmp_path: Path) -> None:
    genre.save(tmp_path / "file")
    with pytest.raises(CheckpointError, match=says):
        GenRe.load(tmp_path / "file", with_train(mlmodel, change(mlmodel.data.df_train)))


def test_what_fits_the_selector_anew_takes_no_other_rows(
    genre: GenRe, mlmodel: Logistic, tmp_path: Path
) -> None:
    genre.save(tmp_path / "alone", with_training_rows=True)
    genre.with_sampling(selection="validity").save(tmp_path / "validity")
    fewer = with_train(mlmodel, mlmodel.data.df_train.iloc[1:])
    factuals = denied(mlmodel, 5)
    for name in ("alone", "validity"):
        assert GenRe.load(tmp_path / name, fewer).get_counterfactuals(factuals).notna().any(axis=None)
        with pytest.raises(CheckpointError, match="trained on other rows"):
            GenRe.load(tmp_path / name, fewer).with_sampling(selection="expected", n_samples=7).certainty(
                factuals
            )
    again = GenRe.load(tmp_path / "alone", mlmodel).with_sampling(n_samples=7)
    expected = genre.with_sampling(n_samples=7).get_counterfactuals(factuals)
    pd.testing.assert_frame_equal(again.get_counterfactuals(factuals), expected)
