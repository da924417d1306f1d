"""Cost, validity and violations, by hand-made answers."""

import numpy as np
import pytest

from carla_genre.blackbox import model_probability
from carla_genre.errors import InputError
from carla_genre.evaluation.cost import Cost, cost, feature_changes
from carla_genre.evaluation.future_validity import FutureValidity
from carla_genre.evaluation.invalidation import InvalidationRate
from carla_genre.evaluation.lof import LOF
from carla_genre.evaluation.privacy import Privacy
from carla_genre.evaluation.validity import Validity, soft_validity, valid
from carla_genre.evaluation.violations import ConstraintViolations, violations


def other_job(frame, row):
    """Move one person to another level of the one-hot group."""
    jobs = ["job_clerk", "job_cook", "job_smith"]
    frame.loc[row, jobs] = np.roll(frame.loc[row, jobs].to_numpy(dtype=float), 1)


@pytest.fixture
def answers(factuals, schema):
    return factuals[list(schema.columns)].copy()


def test_unchanged_rows_cost_nothing(schema, factuals, answers):
    assert (cost(schema, factuals, answers) == 0).all()


def test_cost_is_l1_with_one_for_a_changed_category(schema, factuals, answers):
    answers.loc["p0", "income"] += 0.25
    other_job(answers, "p1")
    answers.loc["p2", "sex_male"] = 1 - answers.loc["p2", "sex_male"]
    answers.loc["p3", ["income", "age"]] += [-0.5, 0.125]
    np.testing.assert_allclose(cost(schema, factuals, answers), [0.25, 1, 1, 0.625, 0, 0])
    changes = feature_changes(schema, factuals, answers)
    assert changes.shape == (6, 4)
    assert changes[1].tolist() == [0, 0, 1, 0]


def test_cost_agrees_with_the_schema_s_own_on_exact_rows(schema, frame, factuals):
    others = frame.tail(6).set_axis(factuals.index)
    expected = schema.cost(schema.encode(factuals), schema.encode(others))
    np.testing.assert_allclose(cost(schema, factuals, others), expected)


def test_failures_have_no_cost(schema, approver, factuals, answers):
    answers.loc["p1"] = np.nan
    answers.loc["p2", "income"] = np.nan
    assert np.isnan(cost(schema, factuals, answers)).tolist() == [False, True, True, False, False, False]
    assert len(Cost(approver).get_evaluation(factuals=factuals, counterfactuals=answers)) == 4


def test_rows_are_matched_by_index_else_by_position(schema, factuals, answers):
    answers["income"] += np.arange(6) / 10
    expected = cost(schema, factuals, answers)
    np.testing.assert_array_equal(cost(schema, factuals, answers.iloc[::-1]), expected)
    np.testing.assert_array_equal(cost(schema, factuals, answers.reset_index(drop=True)), expected)


def test_answers_are_never_given_to_a_guessed_person(schema, approver, factuals, answers):
    permuted = factuals.set_axis([3, 1, 0, 5, 4, 2])
    right = answers.set_axis(permuted.index)
    np.testing.assert_array_equal(cost(schema, permuted, right.iloc[::-1]), cost(schema, factuals, answers))
    with pytest.raises(InputError, match=r"cannot be told.*set_axis\(factuals.index\)"):
        Cost(approver).rows(permuted, right.reset_index(drop=True))


def test_frames_of_other_length_or_columns_are_refused(schema, approver, factuals, answers):
    with pytest.raises(InputError, match="6 factuals but 5"):
        cost(schema, factuals, answers.head(5))
    with pytest.raises(InputError, match="6 factuals but 5"):
        Validity(approver).get_evaluation(factuals, answers.head(5))
    with pytest.raises(InputError, match=r"counterfactuals lack.*'age'"):
        cost(schema, factuals, answers.drop(columns="age"))


def test_a_failure_is_not_valid():
    p = np.array([0.9, 0.5, np.nan, 0.51])
    assert valid(p).tolist() == [True, False, False, True]
    assert soft_validity(p) == pytest.approx((0.9 + 0.5 + 0 + 0.51) / 4)


def test_validity_asks_the_classifier_or_the_gold_classifier(approver, factuals, answers):
    answers["income"] = [0.9, 0.8, 0.6, 0.2, 0.1, np.nan]
    found = Validity(approver).get_evaluation(factuals, answers[answers.columns[::-1]])
    assert found.loc[0, "Validity"] == 0.5
    assert found.loc[0, "Soft_Validity"] == pytest.approx(2.6 / 6)

    class Strict:
        def probability(self, rows):
            return rows["income"].to_numpy() / 2

    gold = Validity(approver, {"gold": Strict(), "threshold": 0.4})
    assert gold.get_evaluation(factuals, answers).loc[0, "Validity"] == pytest.approx(1 / 6)


def test_classifier_is_not_asked_about_failures(approver, answers):
    answers.loc[:] = np.nan
    assert np.isnan(model_probability(approver, answers)).all()


@pytest.mark.parametrize(
    ("measure", "given", "message"),
    [
        (Validity, {"treshold": 0.4}, "Validity has no hyperparameter 'treshold': did you mean 'threshold'"),
        (Validity, {"threshold": 50}, r"Validity: threshold must be in \[0, 1\), got 50"),
        (Validity, {"threshold": float("nan")}, "threshold must be in"),
        (Validity, ["threshold"], "Validity: hyperparameters must be a dict, got list"),
        (InvalidationRate, {"variance": "a"}, "variance must be float, got 'a'"),
        (InvalidationRate, {"n_draws": 10.5}, "n_draws must be int, got 10.5"),
        (InvalidationRate, {"seed": -1}, "seed must be in"),
        (Privacy, {"k": "a"}, "k must be int"),
        (FutureValidity, {"classifiers": object()}, "classifiers must be Sequence, got"),
        (LOF, {"inlier_test": "forest"}, "inlier_test must be InlierTest, got 'forest'"),
    ],
)
def test_wrong_hyperparameters_are_refused_by_name(approver, measure, given, message):
    with pytest.raises(InputError, match=message):
        measure(approver, given)


def test_clean_answers_violate_nothing(schema, factuals, answers):
    answers["income"] = 0.9
    other_job(answers, "p1")
    answers.loc["p5"] = np.nan
    assert violations(schema, factuals, answers) == (0, 0, 0, 0, 0)


def test_each_kind_of_violation_is_counted_exactly(schema, approver, factuals, answers):
    answers.loc["p0", "age"] = np.nextafter(answers.loc["p0", "age"], 1)  # one bit
    answers.loc["p1", "sex_male"] = 1 - answers.loc["p1", "sex_male"]
    answers.loc["p2", ["job_clerk", "job_cook", "job_smith"]] = [0.5, 0.5, 0.0]
    answers.loc["p3", ["job_clerk", "job_cook", "job_smith"]] = 0.0
    answers.loc["p3", "income"] = 1.5  # and out of range: one row, two violations
    answers.loc["p4", "income"] -= 1e-9
    counted = violations(schema, factuals, answers)
    assert counted._asdict() == {
        "immutable": 2,
        "one_hot": 2,
        "out_of_range": 1 + (answers.loc["p4", "income"] < schema.features[0].lower),
        "direction": 1,
        "rows": 5,
    }
    shown = ConstraintViolations(approver).get_evaluation(factuals, answers)
    assert shown.loc[0, "Immutable_Violations"] == 2
    assert shown.loc[0, "Rows_Violations"] == 5


def test_a_factual_s_own_value_outside_the_range_is_no_violation(schema, factuals, answers):
    for rows in (factuals, answers):
        rows.loc["p0", "income"] = -0.5
    assert violations(schema, factuals, answers).out_of_range == 0
    answers.loc["p0", "income"] = -0.4
    assert violations(schema, factuals, answers).out_of_range == 1


def test_nobody_asked_nobody_hurt(schema, factuals, answers):
    assert violations(schema, factuals.head(0), answers.head(0)) == (0, 0, 0, 0, 0)
    assert cost(schema, factuals.head(0), answers.head(0)).shape == (0,)


def test_a_classifier_of_one_column_is_named(frame) -> None:
    class OneColumn:
        feature_input_order = ("income",)

        def predict_proba(self, rows) -> np.ndarray:
            return rows.to_numpy()

    with pytest.raises(
        InputError, match=r"OneColumn.predict_proba: expected shape \(300, 2\), got \(300, 1\)"
    ):
        model_probability(OneColumn(), frame)
