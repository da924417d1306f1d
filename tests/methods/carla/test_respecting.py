"""RespectConstraints: what it puts back, what that costs, around CARLA's methods and others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from carla_cases import QUICK, network
from method_cases import JOBS, Logistic, denied, make_mlmodel

from carla_genre import GenRe
from carla_genre.errors import InputError
from carla_genre.evaluation.violations import violations
from carla_genre.methods.carla import CARLA_METHODS
from carla_genre.methods.carla.respecting import ConstraintReport, RespectConstraints
from carla_genre.schema import Schema

from carla.recourse_methods.api import RecourseMethod

JOB_COLUMNS = [f"job_{job}" for job in JOBS]


class Says(RecourseMethod):
    """A user's own method: it answers what it is told, and spoils the frame that it is given."""

    def __init__(self, mlmodel: object, answer: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
        super().__init__(mlmodel)
        self._answer = answer

    def get_counterfactuals(self, factuals: pd.DataFrame) -> pd.DataFrame:
        answers = self._answer(factuals[list(self._mlmodel.feature_input_order)].copy())
        del factuals[factuals.columns[0]]
        return answers


@pytest.fixture(scope="module")
def factuals(mlmodel: Logistic) -> pd.DataFrame:
    return denied(mlmodel, 12)


def held(
    mlmodel: Logistic,
    factuals: pd.DataFrame,
    answer: Callable[[pd.DataFrame], pd.DataFrame],
    **options: object,
) -> tuple[pd.DataFrame, ConstraintReport]:
    before = factuals.copy()
    method = RespectConstraints(Says(mlmodel, answer), **options)
    answers = method.get_counterfactuals(factuals)
    pd.testing.assert_frame_equal(factuals, before)
    assert answers.index.equals(factuals.index)
    assert list(answers.columns) == list(mlmodel.feature_input_order)
    assert method.report is not None
    return answers, method.report


def rich(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(income=0.9, debt=0.0)


@pytest.mark.parametrize("seed", range(5))
def test_any_answers_keep_the_constraints_afterwards(
    mlmodel: Logistic, factuals: pd.DataFrame, seed: int
) -> None:
    random = np.random.default_rng(seed)
    schema = Schema.from_mlmodel(mlmodel, {"debt": {"direction": "decrease"}})

    def anything(frame: pd.DataFrame) -> pd.DataFrame:
        answers = rich(frame)
        for column in random.choice(frame.columns, 4, replace=False):
            answers[column] = random.normal(0.5, 1, len(frame))
        return answers.where(random.random((len(frame), 1)).repeat(answers.shape[1], 1) < 0.8)

    said: list[pd.DataFrame] = []
    answers, report = held(
        mlmodel,
        factuals,
        lambda frame: said.append(anything(frame)) or said[-1].copy(),
        constraints={"debt": {"direction": "decrease"}},
    )
    assert violations(schema, factuals, answers).rows == 0
    found = answers.dropna()
    assert (mlmodel.predict_proba(found)[:, 1] > 0.5).all()
    for column in ("age", *(c for c in answers if c.startswith("region"))):
        assert (found[column].to_numpy() == factuals.loc[found.index, column].to_numpy()).all()

    full = said[0].dropna()
    accepted = full[mlmodel.predict_proba(full)[:, 1] > 0.5]
    assert report.n_rows == len(factuals)
    assert report.answered_before == len(accepted)
    assert report.changed == violations(schema, factuals.loc[accepted.index], accepted).rows
    assert 0 <= report.lost <= report.changed
    assert report.answered_after == report.answered_before - report.lost == len(found)


def test_what_keeps_the_constraints_passes_as_it_is(mlmodel: Logistic, factuals: pd.DataFrame) -> None:
    answers, report = held(mlmodel, factuals, rich)
    pd.testing.assert_frame_equal(answers, rich(factuals[list(answers.columns)]), check_dtype=False)
    assert report == ConstraintReport(len(factuals), len(factuals), 0, 0, len(factuals))


def test_an_answer_that_needed_what_may_not_change_is_lost(mlmodel: Logistic, factuals: pd.DataFrame) -> None:
    model = make_mlmodel(immutables=["income", "region"])
    factuals = denied(model, 6)
    answers, report = held(model, factuals, lambda frame: frame.assign(income=2.0))
    assert answers.isna().all(axis=None)
    assert report == ConstraintReport(6, 6, 6, 6, 0)


def test_a_category_between_levels_becomes_the_nearest(mlmodel: Logistic, factuals: pd.DataFrame) -> None:
    def undecided(frame: pd.DataFrame) -> pd.DataFrame:
        answers = rich(frame)
        answers[JOB_COLUMNS] = 0.1
        answers["job_job c"] = 0.6
        return answers.assign(**{frame.filter(like="owner").columns[0]: 0.8})

    answers, report = held(mlmodel, factuals, undecided)
    assert (answers["job_job c"] == 1).all() and (answers[JOB_COLUMNS].sum(axis=1) == 1).all()
    assert (answers.filter(like="owner") == 1).all(axis=None)
    assert report.changed == report.answered_after == len(factuals)


def test_where_levels_are_equally_near_the_factuals_stays(mlmodel: Logistic, factuals: pd.DataFrame) -> None:
    answers, _ = held(mlmodel, factuals, lambda frame: rich(frame).assign(**dict.fromkeys(JOB_COLUMNS, 0.3)))
    pd.testing.assert_frame_equal(answers[JOB_COLUMNS], factuals[JOB_COLUMNS], check_dtype=False)


def test_rounding_to_single_precision_is_no_change(mlmodel: Logistic, factuals: pd.DataFrame) -> None:
    answers, report = held(mlmodel, factuals, lambda frame: rich(frame).astype(np.float32))
    assert report.changed == 0
    assert (answers["age"] == factuals["age"]).all()


def test_what_h_refuses_from_the_start_was_no_answer(mlmodel: Logistic, factuals: pd.DataFrame) -> None:
    answers, report = held(mlmodel, factuals, lambda frame: frame)
    assert answers.isna().all(axis=None)
    assert report == ConstraintReport(len(factuals), 0, 0, 0, 0)


def test_infinite_numbers_are_no_answer(mlmodel: Logistic, factuals: pd.DataFrame) -> None:
    _, report = held(mlmodel, factuals, lambda frame: rich(frame).assign(income=np.inf))
    assert report.answered_before == report.answered_after == 0


def test_rows_are_paired_by_label_and_else_by_place(mlmodel: Logistic, factuals: pd.DataFrame) -> None:
    expected, _ = held(mlmodel, factuals, rich)
    by_label, _ = held(mlmodel, factuals, lambda frame: rich(frame).iloc[::-1])
    by_place, _ = held(mlmodel, factuals, lambda frame: rich(frame).reset_index(drop=True))
    pd.testing.assert_frame_equal(by_label, expected)
    pd.testing.assert_frame_equal(by_place, expected)


def test_rows_whose_labels_may_be_meant_either_way_are_refused(
    mlmodel: Logistic, factuals: pd.DataFrame
) -> None:
    permuted = factuals.set_axis(np.roll(np.arange(12), 1))
    with pytest.raises(InputError, match="whose the answers of Says are"):
        held(mlmodel, permuted, lambda frame: rich(frame).reset_index(drop=True))
    by_label, _ = held(mlmodel, permuted, lambda frame: rich(frame).iloc[::-1])
    expected, _ = held(mlmodel, factuals, rich)
    pd.testing.assert_frame_equal(by_label, expected.set_axis(permuted.index))


def test_text_levels(factuals: pd.DataFrame) -> None:
    model = make_mlmodel("Identity")
    texts = denied(model, 5)
    answers, report = held(model, texts, lambda frame: rich(frame).assign(region="atlantis", job="job c"))
    assert (answers["region"] == texts["region"]).all() and (answers["job"] == "job c").all()
    assert report.changed == 5


@pytest.mark.parametrize("n", [0, 1])
def test_nobody_and_one(mlmodel: Logistic, factuals: pd.DataFrame, n: int) -> None:
    answers, report = held(mlmodel, factuals.head(n), lambda frame: rich(frame).assign(age=0.123))
    assert len(answers) == n
    assert report == ConstraintReport(n, n, n, 0, n)


def test_answers_that_cannot_be_paired_are_refused(mlmodel: Logistic, factuals: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="gave 5 answers to 12 factuals"):
        held(mlmodel, factuals, lambda frame: rich(frame).head(5))
    with pytest.raises(InputError, match=r"answers of Says lacks .* columns \['age'\]"):
        held(mlmodel, factuals, lambda frame: frame.drop(columns="age"))


def test_around_a_method_that_holds_them_nothing_changes(
    genre: GenRe, mlmodel: Logistic, factuals: pd.DataFrame
) -> None:
    around = RespectConstraints(genre)
    pd.testing.assert_frame_equal(around.get_counterfactuals(factuals), genre.get_counterfactuals(factuals))
    assert around.report is not None
    assert around.report.changed == around.report.lost == 0
    assert around.seconds == genre.seconds and around.hyperparams == genre.hyperparams


def test_what_wachter_changed_is_put_back() -> None:
    classifier = network()
    factuals = denied(classifier, 6)
    wachter = CARLA_METHODS["Wachter"].build(classifier, {**QUICK["Wachter"], "verbose": False})
    plain = wachter.get_counterfactuals(factuals).dropna()
    assert (plain["age"] != factuals.loc[plain.index, "age"]).any()  # CARLA's Wachter knows no immutables
    around = RespectConstraints(wachter)
    answers = around.get_counterfactuals(factuals)
    found = answers.dropna()
    assert len(found) > 0
    assert (found["age"] == factuals.loc[found.index, "age"]).all()
    assert (classifier.predict_proba(found)[:, 1] > 0.5).all()
    assert around.report is not None
    assert around.report.changed == violations(around.schema, factuals.loc[plain.index], plain).rows > 0


def test_several_answers_a_factual_are_counted_each() -> None:
    pytest.importorskip("dice_ml")
    classifier = network()
    factuals = denied(classifier, 3)
    dice = CARLA_METHODS["Dice"].build(classifier, {**QUICK["Dice"], "num": 2, "verbose": False})
    around = RespectConstraints(dice)
    answers = around.get_counterfactuals(factuals)
    assert answers.index.equals(factuals.index.repeat(2))
    assert around.report is not None and around.report.n_rows == 6
    assert violations(around.schema, factuals.loc[answers.index], answers).rows == 0
