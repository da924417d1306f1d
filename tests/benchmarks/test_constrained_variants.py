"""The variants of GenRe that the table of constraints has beside the default."""

import numpy as np
import pytest
import torch
from method_cases import QUICK, Logistic, denied, make_mlmodel

from benchmarks.constrained.variants import ConditionedGenRe, UnsearchedGenRe
from carla_genre import GenRe

GIVEN = {**QUICK, "selection": "expected"}


@pytest.fixture(scope="module")
def mlmodel() -> Logistic:
    return make_mlmodel()


@pytest.mark.slow
def test_a_conditioned_generator_draws_by_what_is_frozen_and_keeps_it(mlmodel: Logistic) -> None:
    method = ConditionedGenRe(mlmodel, GIVEN)
    asked = method.with_constraints({"owner": {"immutable": True}})
    factuals = denied(mlmodel, 30)
    values = torch.from_numpy(method.schema.encode(factuals))
    free, told = (one.generator.logits(values, values) for one in (method, asked))
    assert not torch.equal(free, told)  # it knows
    found = asked.get_counterfactuals(factuals).dropna()
    assert len(found) > 10
    assert np.array_equal(found["owner_yes"], factuals.loc[found.index, "owner_yes"])


@pytest.mark.slow
def test_without_the_search_fewer_people_have_an_answer(mlmodel: Logistic) -> None:
    factuals, narrow = (
        denied(mlmodel, 40),
        {"income": {"direction": "decrease"}, "owner": {"immutable": True}},
    )
    answered = []
    for kind in (UnsearchedGenRe, GenRe):
        asked = kind(mlmodel, GIVEN).with_sampling(n_samples=2).with_constraints(narrow)
        answered.append(asked.get_counterfactuals(factuals).notna().all(axis=1))
    unsearched, searched = answered
    assert (searched | ~unsearched).all() and searched.sum() > unsearched.sum()
