"""The rule "expected": surrogate judge, calibration, expected Score, reverted changes, and the stated risk."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from method_cases import QUICK, Logistic, denied, make_mlmodel
from scipy.special import expit

from carla_genre import GenRe, InputError
from carla_genre.evaluation.violations import violations
from carla_genre.generator import sampler
from carla_genre.selection import selector as module
from carla_genre.selection.calibration import LogisticCurve, bootstrap, calibrate
from carla_genre.selection.conformal import least_probability
from carla_genre.selection.expected_score import ExpectedScore
from carla_genre.selection.revert import revert_changes
from carla_genre.selection.surrogate import INLIER_RANGE, MARGIN, NEIGHBOURHOODS, SurrogateJudge, points_of

EXPECTED = {**QUICK, "selection": "expected", "n_samples": 30}


@pytest.fixture(scope="module")
def mlmodel() -> Logistic:
    return make_mlmodel()


@pytest.fixture(scope="module")
def genre(mlmodel: Logistic) -> GenRe:
    return GenRe(mlmodel, EXPECTED)


@pytest.fixture(scope="module")
def asked(genre: GenRe, mlmodel: Logistic) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Encoded factuals, their candidates, and what h says of these."""
    values = genre.schema.encode(denied(mlmodel, 40))
    candidates = genre.candidates(values)
    return values, candidates, genre.scores(candidates)


def expectation(objective: ExpectedScore, values: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """By the formula, for every candidate (B, N)."""
    flat = candidates.reshape(-1, candidates.shape[-1])
    both = (objective.validity(flat) + objective.inlier(flat)).reshape(candidates.shape[:2])
    return both - objective.schema.cost(values[:, None], candidates) / values.shape[1]


def test_it_is_the_default_and_each_rule_has_its_sampling(genre: GenRe) -> None:
    default = GenRe._DEFAULT_HYPERPARAMS
    assert (default["selection"], default["temperature"], default["n_samples"]) == ("expected", 1.0, 100)
    paper = GenRe.options_for({"preset": "paper"})
    assert (paper.selection, paper.temperature, paper.n_samples) == ("validity", 10.0, 10)
    other = genre.with_sampling(selection="validity").hyperparams
    assert (other["temperature"], other["n_samples"]) == (10.0, 30)  # 30 was asked for
    back = genre.with_sampling(selection="validity", n_samples=10).with_sampling(selection="expected")
    assert (back.hyperparams["temperature"], back.hyperparams["n_samples"]) == (1.0, 100)


def test_the_choice_is_the_best_by_the_formula(
    genre: GenRe, asked: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    values, candidates, scores = asked
    scores = scores.copy()
    scores[3], scores[4, ::2] = 0.5, np.nan
    best_three = genre.selector.objective.top_k(values, candidates, scores, 3)
    assert best_three.answers.shape == (40, 3, 6)
    chosen = best_three.best()
    assert np.isnan(chosen.answers[3]).all() and np.isnan(chosen.score[3])
    accepted, sure = scores > 0.5, scores > 0.7
    assert sure.any(axis=1).any() and (sure < accepted).any()
    possible = np.where(sure.any(axis=1, keepdims=True), sure, accepted)
    all_scores = np.where(possible, expectation(genre.selector.objective, values, candidates), -np.inf)
    others = np.delete(np.arange(len(values)), 3)
    np.testing.assert_allclose(chosen.score[others], all_scores.max(axis=1)[others], rtol=1e-12)
    best = candidates[np.arange(len(values)), all_scores.argmax(axis=1)]
    np.testing.assert_array_equal(chosen.answers[others], best[others])


def test_what_is_reverted_raises_the_expected_score(
    genre: GenRe, mlmodel: Logistic, asked: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    values, candidates, scores = asked
    objective = genre.selector.objective
    chosen = objective.top_k(values, candidates, scores, 1).best()
    shorter = revert_changes(objective, values, chosen)
    assert (shorter.score >= chosen.score).all() and (shorter.score > chosen.score).any()
    own = (shorter.answers == values) | (shorter.answers == chosen.answers)
    assert own.all()  # a feature is the candidate's, or the factual's again
    for answers in (chosen, shorter):
        np.testing.assert_allclose(answers.h, genre.scores(answers.answers), rtol=1e-12)
    sure = chosen.h > 0.7
    least = np.where(sure, 0.7, 0.5)
    assert sure.any() and (shorter.h > least).all()
    np.testing.assert_allclose(
        shorter.score, expectation(objective, values, shorter.answers[:, None])[:, 0], rtol=1e-9
    )
    for row, column in zip(*np.nonzero(shorter.answers != values), strict=True):  # nothing more can be
        trial = shorter.answers[row].copy()
        trial[column] = values[row, column]
        worse = expectation(objective, values[[row]], trial[None, None])[0, 0] <= shorter.score[row] + 1e-12
        assert worse or genre.scores(trial[None])[0] <= least[row]


def test_h_is_asked_once_about_each_candidate(
    genre: GenRe, mlmodel: Logistic, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[np.ndarray] = []

    def counted(rows: pd.DataFrame) -> np.ndarray:
        asked.append(rows.to_numpy(dtype=float))
        return Logistic.predict_proba(mlmodel, rows)

    factuals = denied(mlmodel, 12)
    candidates = genre.candidates(genre.schema.encode(factuals)).reshape(12 * 30, -1)
    monkeypatch.setattr(mlmodel, "predict_proba", counted)
    plain = genre.with_sampling()
    plain._selector = replace(genre.selector, reverts=False)
    plain.get_counterfactuals(factuals)
    np.testing.assert_array_equal(
        np.concatenate(asked), genre.schema.decode(candidates).to_numpy(dtype=float)
    )
    asked.clear()
    genre.get_counterfactuals(factuals)
    first, *trials = asked
    assert len(first) == 12 * 30
    assert len(trials) > 1  # one a turn: neither the chosen candidates nor the same trials again
    assert not any(np.array_equal(one, other) for one, other in pairwise([first, *trials]))
    assert all(len(trial) <= 12 * 10 for trial in trials)


def test_answers_keep_constraints_and_do_not_depend_on_who_else_asks(mlmodel: Logistic) -> None:
    frozen = {"age": {"direction": "increase"}, "region": {"immutable": True}}
    genre = GenRe(mlmodel, {**EXPECTED, "constraints": frozen})
    factuals = denied(mlmodel, 12)
    answers = genre.get_counterfactuals(factuals)
    assert violations(genre.schema, factuals, answers).rows == 0
    assert answers.notna().all(axis=1).any()
    for place in (0, 11):
        pd.testing.assert_frame_equal(
            genre.get_counterfactuals(factuals.iloc[[place]]), answers.iloc[[place]]
        )


def test_reload_equals_saved(genre: GenRe, mlmodel: Logistic, tmp_path: Path) -> None:
    factuals = denied(mlmodel, 15)
    path = tmp_path / "loans.safetensors"
    genre.save(path)
    loaded = GenRe.load(path, mlmodel)
    pd.testing.assert_frame_equal(loaded.get_counterfactuals(factuals), genre.get_counterfactuals(factuals))
    # saved without: learnt from the classifier's own rows, as it would have been
    genre.with_sampling(selection="validity").save(path)
    other = GenRe.load(path, mlmodel)
    assert other.hyperparams["selection"] == "validity"
    other = other.with_sampling(selection="expected", temperature=1.0, n_samples=30)
    pd.testing.assert_frame_equal(other.get_counterfactuals(factuals), genre.get_counterfactuals(factuals))


def test_a_loaded_one_is_saved_with_what_the_first_has_learnt(
    genre: GenRe, mlmodel: Logistic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    genre.save(first)
    GenRe.load(first, mlmodel).save(second)
    monkeypatch.setattr(module, "bootstrap", None)  # nothing is fitted anew
    factuals = denied(mlmodel, 5)
    pd.testing.assert_frame_equal(
        GenRe.load(second, mlmodel).get_counterfactuals(factuals), genre.get_counterfactuals(factuals)
    )


def test_certainty_tells_accepted_rows_from_denied_ones(genre: GenRe, mlmodel: Logistic) -> None:
    factuals = denied(mlmodel, 30)
    answers = genre.get_counterfactuals(factuals)
    answers.iloc[2] = np.nan
    sure = genre.certainty(answers)
    assert sure.index.equals(answers.index) and list(sure.columns) == ["valid", "inlier"]
    assert sure.iloc[2].isna().all() and sure.drop(index=sure.index[2]).notna().all(axis=None)
    assert sure["valid"].mean() > genre.certainty(factuals)["valid"].mean() + 0.2


def test_the_test_rows_are_never_looked_at(genre: GenRe, mlmodel: Logistic) -> None:
    blind = make_mlmodel()
    blind.data._df_test = blind.data._df_test.iloc[:0]
    factuals = denied(mlmodel, 10)
    answers = GenRe(blind, EXPECTED).get_counterfactuals(factuals)
    pd.testing.assert_frame_equal(answers, genre.get_counterfactuals(factuals))


def two_moons(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    rows = random.random((n, 2)).astype(np.float32)
    return rows, (random.random(n) < expit(8 * (rows.sum(axis=1) - 1))).astype(int)


def test_curves_are_calibrated_on_other_worlds() -> None:
    """An answer that is said to be valid with 60 to 95 percent is valid that often, where the truth is known."""
    rows, labels = two_moons(1500, 0)
    curves = calibrate(
        bootstrap(rows, labels, seed=0), np.random.default_rng(1).random((2000, 2)).astype(np.float32)
    )
    told, right = [], []
    for seed in range(1, 5):
        judge = SurrogateJudge.fit(*two_moons(1500, seed), seed)
        points = np.random.default_rng(seed + 9).random((1000, 2)).astype(np.float32)
        told.append(curves.validity(judge.validity(points)))
        right.append(points.sum(axis=1) > 1)
    sure, truth = np.concatenate(told), np.concatenate(right)
    middle = (sure > 0.6) & (sure < 0.95)
    assert middle.sum() > 100 and abs(truth[middle].mean() - sure[middle].mean()) < 0.15
    assert truth[sure > 0.99].mean() > 0.97


def test_the_bootstrap_is_of_the_seed_and_the_inliers_of_the_accepted() -> None:
    rows, labels = two_moons(800, 0)
    one, other = (bootstrap(rows, labels, seed=3) for _ in range(2))
    points = np.random.default_rng(0).random((50, 2)).astype(np.float32)
    np.testing.assert_array_equal(one.judges[0].validity(points), other.judges[0].validity(points))
    judge = SurrogateJudge.fit(rows, labels, 0)
    assert (
        judge.inlier(np.array([[0.8, 0.8]], np.float32))
        > -1.5
        > judge.inlier(np.array([[0.1, 0.1]], np.float32))
    )


def test_curves() -> None:
    numbers = np.linspace(0, 1, 200)
    curve = LogisticCurve.fit(numbers, numbers + np.random.default_rng(0).normal(0, 0.1, 200) > 0.5)
    told = curve(numbers)
    assert (
        (np.diff(told) > 0).all()
        and told[0] < 0.05
        and told[-1] > 0.95
        and abs(curve(np.array(0.5)) - 0.5) < 0.15
    )
    falling = LogisticCurve.fit(numbers, numbers < 0.5)
    assert falling.slope == 0 and falling(numbers)[0] == pytest.approx(101 / 202)
    sure = LogisticCurve.fit(numbers, np.ones(200, bool))
    assert sure(numbers)[0] == pytest.approx(201 / 202)


def test_categories_of_many_levels_are_corners_of_a_simplex(genre: GenRe, mlmodel: Logistic) -> None:
    schema = genre.schema
    values = schema.encode(denied(mlmodel, 2))[[0, 0]]
    position = next(p for p, f in enumerate(schema.features) if f.levels is not None and len(f.levels) > 2)
    for old, new in ((0, 1), (0, 2), (1, 2)):
        values[:, position] = (old, new)
        points = points_of(schema, values)
        assert np.linalg.norm(points[0] - points[1]) == pytest.approx(1.0)


@pytest.mark.parametrize("risk", [0.05, 0.2])
def test_the_bound_of_a_stated_risk(risk: float) -> None:
    """Wrong answers above the bound are as rare as promised, and the bound is the least of such bounds."""
    random = np.random.default_rng(0)
    probability = random.random(1000)
    wrong = random.random(1000) > probability
    probability[::7], wrong[::7] = np.nan, False  # no answer
    least = least_probability(probability, wrong, risk)
    assert 0 < least < 1
    share = [((probability >= bound) & wrong).sum() + 1 for bound in (least, np.nextafter(least, 0))]
    assert share[0] / 1001 <= risk < share[1] / 1001
    assert least_probability(probability, np.zeros(1000, bool), risk) == 0
    with pytest.raises(InputError, match=r"risk 0\.0005 cannot be promised from 1000"):
        least_probability(probability, wrong, 0.0005)


def test_a_rule_that_comes_later_is_the_one_of_the_beginning(genre: GenRe, mlmodel: Logistic) -> None:
    other = GenRe(mlmodel, QUICK).with_sampling(selection="expected", n_samples=30)
    factuals = denied(mlmodel, 20)
    pd.testing.assert_frame_equal(other.get_counterfactuals(factuals), genre.get_counterfactuals(factuals))


def test_who_is_settled_together_changes_no_answer(
    genre: GenRe, mlmodel: Logistic, monkeypatch: pytest.MonkeyPatch
) -> None:
    factuals = denied(mlmodel, 40)
    together = genre.get_counterfactuals(factuals)
    monkeypatch.setattr(sampler, "batch_size", lambda generator, n_samples: 3)
    for people in (1, 8, 1000):
        monkeypatch.setattr(module, "TOGETHER", people)
        pd.testing.assert_frame_equal(genre.get_counterfactuals(factuals), together)


def test_nobody_is_answered_where_the_risk_is_too_high(genre: GenRe, mlmodel: Logistic) -> None:
    factuals = denied(mlmodel, 40)
    careful = GenRe(mlmodel, {**EXPECTED, "risk": 0.05})
    all_answers, some = genre.get_counterfactuals(factuals), careful.get_counterfactuals(factuals)
    given = some.notna().all(axis=1)
    pd.testing.assert_frame_equal(some[given], all_answers[given])


def test_labels_of_one_kind_are_refused() -> None:
    rows = np.random.default_rng(0).random((50, 2)).astype(np.float32)
    with pytest.raises(InputError, match="one of them only"):
        SurrogateJudge.fit(rows, np.ones(50, int), 0)
    with pytest.raises(InputError, match="more than 5 training rows of label 1, there are 3"):
        SurrogateJudge.fit(rows, (np.arange(50) < 3).astype(int), 0)


def test_the_outlier_factor_is_the_mean_of_several_and_bounded() -> None:
    rows, labels = two_moons(400, 0)
    judge = SurrogateJudge.fit(rows, labels, 0)
    accepted = judge.accepted
    assert accepted.shape == (NEIGHBOURHOODS, 400) and not (accepted == accepted[0]).all()
    sure = np.abs(judge.forest.oob_decision_function_[:, 1] - 0.5) > 6 * MARGIN
    assert (accepted == accepted[0])[:, sure].all()
    asked = np.concatenate([rows[:50], rows[:50] + 0.05, [[40.0, 40.0]]]).astype(np.float32)
    alone = (SurrogateJudge(rows, labels, one[None], 0, forest=judge.forest) for one in accepted)
    each = [judge_of_one.inlier(asked) for judge_of_one in alone]
    assert judge.inlier(asked) == pytest.approx(np.mean(each, axis=0))
    assert judge.inlier(asked)[-1] == min(INLIER_RANGE) and max(INLIER_RANGE) >= judge.inlier(asked).max()
    again = SurrogateJudge.from_arrays(judge.arrays(), 0)
    assert (again.inlier(asked) == judge.inlier(asked)).all()
