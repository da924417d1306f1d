"""Share answered and sparsity against counting by hand."""

import numpy as np
import pytest

from carla_genre.evaluation.answered import Answered
from carla_genre.evaluation.sparsity import Sparsity, changed_features, sparsity

GROUPS = [["income"], ["age"], ["job_clerk", "job_cook", "job_smith"], ["sex_male"]]


@pytest.fixture
def answers(frame, factuals, schema):
    """Random other people, of whose features some are the factual's own."""
    random = np.random.default_rng(0)
    own, others = factuals[list(schema.columns)], frame.sample(len(factuals), random_state=1)
    answers = others[list(schema.columns)].set_axis(factuals.index)
    for group in GROUPS:
        kept = random.random(len(factuals)) < 0.5
        answers.loc[kept, group] = own.loc[kept, group]
    return answers


def by_hand(factuals, answers):
    """Changed features of each person, feature after feature, cell after cell."""
    return [
        sum(any(factuals.loc[row, c] != answers.loc[row, c] for c in group) for group in GROUPS)
        for row in factuals.index
    ]


def test_a_feature_counts_once_whatever_its_columns(schema, factuals, answers):
    expected = by_hand(factuals, answers)
    assert 0 < min(expected) < max(expected)
    assert sparsity(schema, factuals, answers).tolist() == expected
    assert changed_features(schema, factuals, answers).sum(axis=1).tolist() == expected


def test_one_bit_is_a_change_and_a_level_between_levels_is_one(schema, factuals):
    answers = factuals[list(schema.columns)].copy()
    assert (sparsity(schema, factuals, answers) == 0).all()
    answers.loc["p0", "age"] = np.nextafter(answers.loc["p0", "age"], 1)
    answers.loc["p1", "job_clerk"] += 0.25
    assert sparsity(schema, factuals, answers).tolist() == [1, 1, 0, 0, 0, 0]


def test_text_categories_are_compared_as_they_are(approver, factuals):
    from types import SimpleNamespace

    text = factuals[["income"]].assign(job=["cook", "smith"] * 3)
    data = SimpleNamespace(
        continuous=["income"], categorical=["job"], immutables=[], target="y", df=text, df_train=text
    )
    model = SimpleNamespace(feature_input_order=["income", "job"], data=data)
    found = Sparsity(model).get_evaluation(text, text.assign(job="cook"))
    assert found["Changed_Features"].tolist() == [0, 1] * 3
    assert found["Changed_Share"].tolist() == [0, 0.5] * 3


def test_failures_are_left_out_of_sparsity_and_count_in_the_share_answered(
    schema, approver, factuals, answers
):
    answers.loc["p1"] = np.nan
    answers.loc["p4", "age"] = np.nan
    rows = Sparsity(approver).rows(factuals, answers.iloc[::-1])
    assert rows.index.equals(factuals.index)
    assert rows["Changed_Features"].isna().tolist() == [False, True, False, False, True, False]
    assert not changed_features(schema, factuals, answers)[[1, 4]].any()
    shown = Sparsity(approver).get_evaluation(factuals, answers)
    np.testing.assert_array_equal(shown["Changed_Share"] * 4, shown["Changed_Features"])
    assert len(shown) == 4
    assert Answered(approver).get_evaluation(factuals, answers).loc[0, "Answered"] == pytest.approx(4 / 6)
    assert Answered(approver).rows(factuals, answers.assign(remark=np.nan))["Answered"].sum() == 4
