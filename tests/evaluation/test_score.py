import json

import numpy as np
import pandas as pd
import pytest

from carla_genre.errors import InputError
from carla_genre.evaluation.score import Judge, Score


@pytest.fixture(scope="module")
def judge(schema, frame):
    return Judge.fit(schema, frame, frame["y"])


@pytest.fixture
def answers(frame, schema, factuals):
    """Six accepted rows as the answers."""
    accepted = frame[frame["income"] > 0.7].head(6)
    return accepted[list(schema.columns)].set_axis(factuals.index)


def test_score_is_the_paper_s_formula(judge, schema, factuals, answers):
    scores = judge.score(factuals, answers)
    rows = answers.to_numpy(dtype=float)
    before = factuals[list(schema.columns)].to_numpy(dtype=float)
    l1 = np.abs(rows - before)
    changed = l1[:, 0] + l1[:, 1] + l1[:, 2:5].sum(axis=1) / 2 + l1[:, 5]
    assert scores.cost == pytest.approx(changed.mean())
    assert scores.val == np.mean(judge.gold.probability(answers) > 0.5)
    assert scores.soft_val == pytest.approx(judge.gold.probability(answers).mean())
    assert scores.lof == judge.inlier_test.inliers(answers).mean()
    assert scores.score == pytest.approx(scores.val + scores.lof - scores.cost / 4)
    assert scores.answered == 1
    assert scores.val > 0.9


def test_a_failure_counts_against_the_method_but_not_in_its_cost(judge, factuals, answers):
    whole = judge.score(factuals.iloc[[0, 1]], answers.iloc[[0, 1]])
    answers.iloc[2:] = np.nan
    part = judge.score(factuals, answers)
    assert part.cost == pytest.approx(whole.cost)
    assert part.val == pytest.approx(whole.val / 3)
    assert part.soft_val == pytest.approx(whole.soft_val / 3)
    assert part.lof == pytest.approx(whole.lof / 3)
    assert part.answered == pytest.approx(1 / 3)


def test_no_answer_at_all_has_no_score(judge, factuals, answers):
    scores = judge.score(factuals, answers * np.nan)
    assert (scores.val, scores.lof, scores.answered) == (0, 0, 0)
    assert np.isnan(scores.cost)
    assert np.isnan(scores.score)
    assert scores.to_dict()["score"] is None


def test_nobody_is_refused(judge, factuals, answers):
    with pytest.raises(InputError, match="no factuals"):
        judge.score(factuals.head(0), answers.head(0))


def test_the_denied_themselves_are_not_valid(judge, factuals):
    scores = judge.score(factuals, factuals)
    assert scores.cost == 0
    assert scores.val == 0


def test_measure_gives_carla_s_frame(judge, approver, factuals, answers):
    shown = Score(approver, {"judge": judge}).get_evaluation(factuals=factuals, counterfactuals=answers)
    assert isinstance(shown, pd.DataFrame)
    assert shown.loc[0, "Score"] == judge.score(factuals, answers).score
    with pytest.raises(InputError, match=r"Judge\.fit"):
        Score(approver).get_evaluation(factuals, answers)


def test_scores_go_into_json(judge, factuals, answers):
    content = json.loads(json.dumps(judge.score(factuals, answers).to_dict()))
    assert content["violations"]["one_hot"] == 0
    assert set(content) == {"cost", "val", "soft_val", "lof", "score", "answered", "d", "violations"}


def test_the_score_is_the_mean_of_the_rows_whatever_their_order(judge, factuals, answers):
    answers.iloc[3] = np.nan
    rows = judge.rows(factuals, answers)
    assert rows.index.equals(factuals.index)
    assert rows["answered"].tolist() == [True, True, True, False, True, True]
    assert rows.loc[~rows["answered"], ["cost", "gold"]].isna().all(axis=None)
    assert not rows.loc[~rows["answered"], ["inlier", "violates"]].any(axis=None)
    scores = judge.score(factuals, answers)
    assert scores.violations.rows == rows["violates"].sum()
    assert scores.cost == pytest.approx(rows["cost"].mean())
    pd.testing.assert_frame_equal(judge.rows(factuals, answers.iloc[::-1]), rows)
