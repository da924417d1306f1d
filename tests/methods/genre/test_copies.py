"""``copies=False``: nobody is answered with a row that few training rows equal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from method_cases import QUICK, ROLES, Logistic, applicants, denied

from carla_genre import GenRe, load_dataset
from carla_genre.evaluation.privacy import TrainingRows
from carla_genre.selection.copies import ENOUGH, RareRows

pytestmark = pytest.mark.usefixtures("quick_selectors")
RULES = ("expected", "validity", "cheapest")


@pytest.fixture(scope="module")
def coarse() -> Logistic:
    """Rounded so far that many rows repeat: most answers would equal somebody's row."""
    rows = applicants()
    rows["income"], rows["debt"] = rows["income"].round(-1), rows["debt"] // 5
    rows["age"], rows["job"] = rows["age"] // 5, rows["owner"].map({"no": "clerk", "yes": "cook"})
    return Logistic(load_dataset(rows, encoding_method="OneHot_drop_binary", quiet=True, **ROLES))


@pytest.fixture(scope="module")
def genre(coarse: Logistic) -> GenRe:
    return GenRe(coarse, {**QUICK, "selection": "expected", "n_samples": 20, "copies": False})


def equal_rows(genre: GenRe, answers: pd.DataFrame) -> np.ndarray:
    """How many training rows each given answer equals, by the measure's own counting."""
    data = genre.classifier.data
    given = answers.dropna()
    assert len(given)
    return TrainingRows(genre.schema, data.df_train, data.df_test).equal(given)


@pytest.mark.parametrize("rule", RULES)
def test_no_answer_equals_fewer_than_five_training_rows(rule: str, genre: GenRe, coarse: Logistic) -> None:
    factuals = denied(coarse, 150)
    sampled = genre.with_sampling(selection=rule, n_samples=20)
    answers = sampled.get_counterfactuals(factuals)
    counts = equal_rows(genre, answers)
    assert not ((counts > 0) & (counts < ENOUGH)).any() and (counts >= ENOUGH).any()
    assert (coarse.predict_proba(answers.dropna())[:, 1] > 0.5).all()
    for place in (0, 77):
        alone = sampled.get_counterfactuals(factuals.iloc[[place]])
        pd.testing.assert_frame_equal(alone, answers.iloc[[place]])


@pytest.mark.slow
def test_with_copies_some_answers_do(genre: GenRe, coarse: Logistic) -> None:
    free = GenRe(coarse, {**QUICK, "selection": "expected", "n_samples": 20})
    counts = equal_rows(free, free.get_counterfactuals(denied(coarse, 150)))
    assert ((counts > 0) & (counts < ENOUGH)).any()


def test_what_is_searched_for_is_no_copy_either(genre: GenRe, coarse: Logistic) -> None:
    values = genre.schema.encode(denied(coarse, 60))
    nothing = np.repeat(values[:, None], 5, axis=1)  # h accepts none of these
    found = genre.selector.select(values, nothing, genre.scores(nothing)).answers
    counts = equal_rows(genre, genre.schema.decode(found))
    assert not ((counts > 0) & (counts < ENOUGH)).any()


def test_a_loaded_one_answers_alike(genre: GenRe, coarse: Logistic, tmp_path: Path) -> None:
    genre.save(tmp_path / "file")
    factuals = denied(coarse, 40)
    loaded = GenRe.load(tmp_path / "file", coarse)
    pd.testing.assert_frame_equal(loaded.get_counterfactuals(factuals), genre.get_counterfactuals(factuals))


def test_who_is_accepted_keeps_the_own_row(genre: GenRe, coarse: Logistic) -> None:
    train = coarse.data.df_train
    accepted = train[coarse.predict_proba(train)[:, 1] > 0.5].head(40)
    answers = genre.get_counterfactuals(accepted)
    pd.testing.assert_frame_equal(answers, accepted[answers.columns])


def test_rows_are_rare_up_to_four_times() -> None:
    values = np.repeat([[0.0, 1.0], [2.0, 3.0]], [ENOUGH, ENOUGH - 1], axis=0)
    rare = RareRows(values)
    asked = np.array([[[-0.0, 1.0], [2.0, 3.0]], [[2.0 + 1e-12, 3.0], [np.nan, 3.0]]])
    np.testing.assert_array_equal(rare.hold(asked), [[False, True], [True, False]])
