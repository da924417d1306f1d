import itertools
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pytest
import torch
from method_cases import Logistic, answers_to, applicants, denied
from scipy.stats import ks_2samp

from carla_genre import InputError
from carla_genre.methods.baselines.tabsyn.diffusion import noise_levels, reverse_step
from carla_genre.methods.baselines.tabsyn.recourse import TabSynMethod, TabSynQ, TabSynSVDD

AnyRule = TypeVar("AnyRule", bound=TabSynMethod)

QUICK = {
    "layers": 1,
    "width": 64,
    "vae_steps": 100,
    "diffusion_steps": 300,
    "batch_size": 128,
    "sampling_steps": 20,
    "verbose": False,
}


@pytest.fixture(scope="module")
def q(mlmodel: Logistic) -> TabSynQ:
    return TabSynQ(mlmodel, QUICK)


def on_density_of(
    rule: type[AnyRule], other: TabSynMethod, hyperparams: Mapping[str, Any] | None = None
) -> AnyRule:
    """A rule that takes over what another one has learned."""
    return rule(other.classifier.mlmodel, {**QUICK, **(hyperparams or {})}, other.tabsyn)


@pytest.fixture(scope="module")
def svdd(q: TabSynQ) -> TabSynSVDD:
    return on_density_of(TabSynSVDD, q)


def weights(method: TabSynQ, factual: np.ndarray, k: int, lambda_: float) -> np.ndarray:
    """Q of every drawn row for one factual (D,), one row at a time."""
    costs = np.full(len(method.drawn), np.inf)
    for place, row in enumerate(method.drawn):
        change = row - factual
        if all(change[i] == 0 for i, f in enumerate(method.schema.features) if f.immutable and f.levels):
            own = ~method.schema.immutable
            moved = np.where(method.schema.categorical, change != 0, np.abs(change))
            costs[place] = moved[own].sum() + moved[~own].sum()
    costs[costs > np.sort(costs)[min(k, len(costs)) - 1]] = np.inf
    weight = np.exp(-lambda_ * costs)
    return weight / weight.sum()


@pytest.mark.slow
def test_the_drawn_set_is_as_large_as_the_data_and_accepted_like_it(q: TabSynQ, mlmodel: Logistic) -> None:
    assert len(q.drawn) <= len(mlmodel.data.df_train)
    assert len(q.drawn) > 0.95 * len(mlmodel.data.df_train)
    assert (q.scores(q.drawn) > 0.5).mean() > 0.8


@pytest.mark.parametrize("k", [5, 1000])
def test_draws_are_q_of_a_brute_force(q: TabSynQ, mlmodel: Logistic, k: int) -> None:
    n = 4000
    method = on_density_of(TabSynQ, q, {"n_samples": n, "top_k": k})
    values = method.schema.encode(denied(mlmodel, 3))
    free = ~method.schema.immutable
    for row, candidates in zip(values, method.candidates(values), strict=True):
        expected = weights(method, row, k, 5.0)
        known, place = np.unique(method.drawn[:, free], axis=0, return_inverse=True)
        expected = np.bincount(place.reshape(-1), expected, minlength=len(known))
        found = (candidates[:, None, free] == known).all(axis=2)
        assert found.any(axis=1).all()
        share = found.mean(axis=0)
        spread = np.sqrt(expected * (1 - expected) / n)
        assert (np.abs(share - expected) < 5 * spread + 2 / n).all()


def test_a_large_lambda_answers_with_the_nearest_drawn_row(q: TabSynQ, mlmodel: Logistic) -> None:
    method = on_density_of(TabSynQ, q, {"n_samples": 1, "lambda": 1e6})
    values = method.schema.encode(denied(mlmodel, 5))
    free = ~method.schema.immutable
    for row, answer in zip(values, answers_to(method, values), strict=True):
        best = method.drawn[weights(method, row, 1, 1.0).argmax()]
        np.testing.assert_array_equal(answer[free], best[free])
        np.testing.assert_array_equal(answer[~free], row[~free])


def test_the_answer_is_the_draw_that_h_likes_best(q: TabSynQ, mlmodel: Logistic) -> None:
    values = q.schema.encode(denied(mlmodel, 10))
    candidates, answers = q.candidates(values), answers_to(q, values)
    for row, of_row in zip(answers, candidates, strict=True):
        assert q.scores(row[None])[0] == q.scores(of_row).max()


def test_nobody_drawn_with_the_same_immutables_is_a_failure_when_asked_for(
    q: TabSynQ, mlmodel: Logistic
) -> None:
    factuals = denied(mlmodel, 10).assign(age=0.123456)  # the drawn ages are others
    dropped = on_density_of(TabSynQ, q, {"unmatched": "drop"}).get_counterfactuals(factuals)
    assert dropped.isna().all(axis=None)
    answers = q.get_counterfactuals(factuals)
    assert answers.notna().all(axis=1).mean() > 0.5
    assert (answers["age"].dropna() == 0.123456).all()


def test_a_range_that_no_drawn_row_is_in_is_said(q: TabSynQ, mlmodel: Logistic) -> None:
    income = float(applicants().loc[mlmodel.data.df_train.index[0], "income"])
    with pytest.raises(InputError, match="drawn rows is in the allowed ranges"):
        on_density_of(TabSynQ, q, {"constraints": {"income": {"range": (income - 1e-6, income + 1e-6)}}})


def test_the_reward_is_the_distance_and_a_hundred_for_a_changed_immutable(svdd: TabSynSVDD) -> None:
    names = svdd.schema.names
    factual = np.zeros((1, len(names)))
    row = factual.copy()
    row[0, names.index("income")], row[0, names.index("job")] = 0.75, 7
    assert svdd.reward(factual, row)[0] == pytest.approx(-np.sqrt(0.75**2 + 1))
    row[0, names.index("region")] = 2
    assert svdd.reward(factual, row)[0] == pytest.approx(-100 - np.sqrt(0.75**2 + 2))


def test_candidates_are_kept_with_the_weight_of_their_reward(svdd: TabSynSVDD, mlmodel: Logistic) -> None:
    tabsyn = svdd.tabsyn.double()
    with torch.no_grad():
        latent = torch.randn(4, tabsyn.size, dtype=torch.float64) * 0.5
    values = tabsyn.decode(latent)[:1]
    reward = svdd.reward(values, tabsyn.decode(latent))
    expected = np.exp(5 * (reward - reward.max()))
    expected /= expected.sum()
    n = 2000
    uniform = (torch.arange(n, dtype=torch.float64)[:, None] + 0.5) / n
    place = svdd._choose(np.repeat(values, n, 0), latent.expand(n, 4, -1), uniform)
    np.testing.assert_allclose(np.bincount(place, minlength=4) / n, expected, atol=2 / n)


def reverse_chain(method: TabSynSVDD, n: int) -> np.ndarray:
    """Rows (n, D) of the reverse process, without candidates."""
    tabsyn, levels = method.tabsyn.double(), noise_levels(20)
    rows = torch.randn(n, tabsyn.size, dtype=torch.float64) * levels[0]
    for sigma, following in itertools.pairwise(levels):
        rows = reverse_step(rows, tabsyn.denoiser(rows, sigma), sigma, following, torch.randn_like(rows))
    return tabsyn.decode(rows)


@pytest.mark.parametrize("process", ["reverse", "churn"])
def test_without_a_reward_guidance_draws_from_the_density(q: TabSynQ, process: str) -> None:
    plain = on_density_of(TabSynSVDD, q, {"lambda_": 0, "duplicates": 3, "process": process})
    strangers = np.random.default_rng(0).random((400, len(plain.schema.features)))
    with plain._isolated():
        drawn = plain.guided(strangers)
        known = plain.tabsyn.sample(2000, 20) if process == "churn" else reverse_chain(plain, 2000)
    for place, feature in enumerate(plain.schema.features):
        if feature.levels is None:
            assert ks_2samp(drawn[:, place], known[:, place]).statistic < 0.1
        else:
            n = len(feature.levels)
            counts = [np.bincount(part[:, place].astype(int), minlength=n) for part in (drawn, known)]
            assert np.abs(counts[0] / len(drawn) - counts[1] / len(known)).sum() / 2 < 0.1


@pytest.mark.parametrize("process", ["reverse", "churn"])
def test_a_larger_lambda_comes_nearer(q: TabSynQ, mlmodel: Logistic, process: str) -> None:
    values = q.schema.encode(denied(mlmodel, 60))
    rewards = []
    for lambda_ in (0.0, 2.0, 20.0):
        method = on_density_of(TabSynSVDD, q, {"lambda_": lambda_, "process": process, "duplicates": 6})
        rewards.append(method.reward(values, method.guided(values)).mean())
    assert rewards[0] < rewards[1]
    assert rewards[0] < rewards[2] - 1  # one person's region in a hundred at least


def test_an_answer_is_the_same_alone_and_in_any_company(
    svdd: TabSynSVDD, q: TabSynQ, mlmodel: Logistic
) -> None:
    factuals = denied(mlmodel, 7)
    for method in (svdd, q):
        together = method.get_counterfactuals(factuals)
        alone = pd.concat([method.get_counterfactuals(factuals.iloc[[i]]) for i in (6, 2)])
        pd.testing.assert_frame_equal(alone, together.iloc[[6, 2]])


@pytest.mark.slow
def test_one_training_serves_all_rules(q: TabSynQ, mlmodel: Logistic) -> None:
    factuals = denied(mlmodel, 5)
    shared: Any = on_density_of(TabSynSVDD, q, {"lambda": 10.0, "duplicates": 2})
    own = TabSynSVDD(mlmodel, {**QUICK, "lambda": 10.0, "duplicates": 2})
    assert shared.tabsyn is q.tabsyn
    assert shared.hyperparams == own.hyperparams
    pd.testing.assert_frame_equal(shared.get_counterfactuals(factuals), own.get_counterfactuals(factuals))
    again = on_density_of(TabSynQ, shared)
    np.testing.assert_array_equal(again.drawn, q.drawn)


def test_a_wrong_hyperparameter_is_named(q: TabSynQ) -> None:
    with pytest.raises(InputError, match="did you mean 'duplicates'"):
        on_density_of(TabSynSVDD, q, {"duplicate": 8})
    with pytest.raises(InputError, match="width must be even, got 7"):
        TabSynQ(q.classifier.mlmodel, {**QUICK, "width": 7})


def test_a_direction_is_kept(q: TabSynQ, mlmodel: Logistic) -> None:
    constraints = {"debt": {"direction": "decrease"}}
    factuals = denied(mlmodel, 20)
    for rule in (TabSynQ, TabSynSVDD):
        answers = on_density_of(rule, q, {"constraints": constraints}).get_counterfactuals(factuals)
        found = answers.notna().all(axis=1)
        assert found.mean() > 0.4
        assert (answers.loc[found, "debt"] <= factuals.loc[found, "debt"]).all()
