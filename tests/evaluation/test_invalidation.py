"""Invalidation under noise against its closed form."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from carla_genre.errors import InputError
from carla_genre.evaluation.invalidation import InvalidationRate, invalidation_rate

N_DRAWS = 20_000
WEIGHTS, OFFSET = np.array([1.5, -0.7, 0.3, 0.0, -0.4, 0.2]), -0.35


class Linear:
    """p = sigmoid of a linear logit; keeps what it was asked."""

    def __init__(self, approver):
        self.feature_input_order, self.data = approver.feature_input_order, approver.data
        self.asked = []

    def predict_proba(self, rows):
        self.asked.append(rows)
        p = 1 / (1 + np.exp(-(rows.to_numpy(dtype=float) @ WEIGHTS + OFFSET)))
        return np.stack([1 - p, p], axis=1)


@pytest.fixture
def linear(approver):
    return Linear(approver)


@pytest.fixture
def answers(frame, schema):
    """Rows near the boundary, on both sides."""
    logit = frame[list(schema.columns)].to_numpy() @ WEIGHTS + OFFSET
    return frame.iloc[np.argsort(np.abs(logit))[:12]][list(schema.columns)]


def closed_form(answers, variance):
    """The logit of a noisy row is normal: Phi(-f / (sigma |w|)), w over income and age, the continuous features."""
    logit = answers.to_numpy() @ WEIGHTS + OFFSET
    return norm.cdf(-logit / np.sqrt(variance * (WEIGHTS[:2] ** 2).sum()))


@pytest.mark.parametrize("variance", [0.01, 0.04])
def test_a_linear_classifier_has_the_normal_distribution_s_rate(schema, linear, answers, variance):
    rates = invalidation_rate(schema, linear, answers, variance, N_DRAWS)
    expected = closed_form(answers, variance)
    assert expected.max() - expected.min() > 0.05
    deviation = np.sqrt(expected * (1 - expected) / N_DRAWS)
    assert (np.abs(rates - expected) < 4 * deviation).all()


def test_noise_is_normal_on_numbers_and_leaves_categories(schema, linear, answers):
    one = answers.head(1)
    invalidation_rate(schema, linear, one, 0.01, N_DRAWS)
    (asked,) = linear.asked
    noise = asked - one.iloc[0]
    assert (noise[["job_clerk", "job_cook", "job_smith", "sex_male"]] == 0).all(axis=None)
    for column in ("income", "age"):
        assert abs(noise[column].mean()) < 4 * 0.1 / N_DRAWS**0.5
        assert noise[column].std() == pytest.approx(0.1, rel=0.03)
    assert abs(noise["income"].corr(noise["age"])) < 4 / N_DRAWS**0.5


def test_the_noise_belongs_to_the_answer_and_the_seed(schema, linear, answers):
    rates = invalidation_rate(schema, linear, answers, n_draws=200)
    assert len(set(rates)) > 3
    np.testing.assert_array_equal(
        invalidation_rate(schema, linear, answers.iloc[::-1], n_draws=200)[::-1], rates
    )
    assert invalidation_rate(schema, linear, answers.iloc[[3]], n_draws=200)[0] == rates[3]
    assert (invalidation_rate(schema, linear, answers, n_draws=200, seed=1) != rates).any()


def test_answers_that_are_asked_about_apart_have_the_same_rates(schema, linear, answers):
    rates = invalidation_rate(schema, linear, answers, n_draws=N_DRAWS)
    assert [len(rows) for rows in linear.asked] == [6 * N_DRAWS] * 2
    alone = [invalidation_rate(schema, linear, answers.iloc[[i]], n_draws=N_DRAWS)[0] for i in range(12)]
    np.testing.assert_array_equal(alone, rates)


def test_no_noise_asks_whether_h_accepts(schema, linear, answers):
    accepted = answers.to_numpy() @ WEIGHTS + OFFSET > 0
    assert invalidation_rate(schema, linear, answers, 0.0, 3).tolist() == (1.0 - accepted).tolist()


def test_failures_are_left_out(linear, factuals, schema):
    answers = factuals[list(schema.columns)].copy()
    answers.loc["p2", "income"] = np.nan
    measure = InvalidationRate(linear, {"n_draws": 50})
    assert (
        measure.rows(factuals, answers)["Invalidation_Rate"].isna().tolist()
        == [False, False, True] + [False] * 3
    )
    assert len(measure.get_evaluation(factuals, answers)) == 5
    assert measure.get_evaluation(factuals, answers * np.nan).shape == (0, 1)
    assert measure.get_evaluation(factuals.head(0), answers.head(0)).shape == (0, 1)


def test_categories_alone_have_no_noise():
    rows = pd.DataFrame({"sex": [0, 1, 1]})
    data = SimpleNamespace(
        continuous=[], categorical=["sex"], immutables=[], target="y", df=rows, df_train=rows
    )

    class Sexist:
        feature_input_order = ["sex"]

        def predict_proba(self, rows):
            p = rows["sex"].to_numpy(dtype=float)
            return np.stack([1 - p, p], axis=1)

    model = Sexist()
    model.data = data
    assert InvalidationRate(model).rows(rows, rows)["Invalidation_Rate"].tolist() == [1, 0, 0]


def test_wrong_settings_are_refused(schema, linear, answers):
    with pytest.raises(InputError, match="variance must be 0 or more"):
        invalidation_rate(schema, linear, answers, variance=-0.1)
    with pytest.raises(InputError, match="n_draws 1 or more"):
        invalidation_rate(schema, linear, answers, n_draws=0)
