"""Future validity by classifiers made by hand."""

import numpy as np
import pytest

from carla_genre.errors import InputError
from carla_genre.evaluation.future_validity import FutureValidity, accepted_by


class Threshold:
    """Accepts an income above its own limit."""

    feature_input_order = ["income", "age"]

    def __init__(self, limit):
        self.limit = limit

    def predict_proba(self, rows):
        p = np.where(rows["income"].to_numpy() > self.limit, 0.9, 0.1)
        return np.stack([1 - p, p], axis=1)


LIMITS = [0.2, 0.4, 0.6, 0.8]


@pytest.fixture
def answers(factuals, schema):
    answers = factuals[list(schema.columns)].copy()
    answers["income"] = [0.1, 0.3, 0.5, 0.7, 0.9, np.nan]
    return answers


def test_each_row_has_the_share_of_classifiers_that_accept(approver, factuals, answers):
    measure = FutureValidity(approver, {"classifiers": [Threshold(limit) for limit in LIMITS]})
    rows = measure.rows(factuals, answers.sample(frac=1, random_state=0))
    assert rows.index.equals(factuals.index)
    assert rows["Future_Validity"].tolist() == [0, 0.25, 0.5, 0.75, 1, 0]
    shown = measure.get_evaluation(factuals=factuals, counterfactuals=answers)
    assert shown["Future_Validity"].tolist() == [pytest.approx(2.5 / 6)]


def test_each_classifier_s_word_is_there(answers):
    accepted = accepted_by([Threshold(0.4), Threshold(0.8)], answers)
    assert accepted.astype(int).tolist() == [[0, 0, 1, 1, 1, 0], [0, 0, 0, 0, 1, 0]]
    assert not accepted_by([Threshold(0.4)], answers, threshold=0.95).any()


def test_classifiers_are_needed(approver, factuals, answers):
    with pytest.raises(InputError, match=r"FutureValidity needs \{'classifiers'"):
        FutureValidity(approver).get_evaluation(factuals, answers)
    with pytest.raises(InputError, match="no classifiers"):
        FutureValidity(approver, {"classifiers": []}).get_evaluation(factuals, answers)
