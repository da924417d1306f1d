"""One trained generator asked under other constraints."""

import numpy as np
import pandas as pd
import pytest
from carla_cases import global_random_state_unchanged
from method_cases import QUICK, Logistic, denied

from carla_genre import GenRe, InputError


def test_asking_otherwise_draws_nothing_from_the_caller_s_random_state(genre: GenRe) -> None:
    with global_random_state_unchanged():
        asked = genre.with_constraints({"owner": {"immutable": True}})
    assert asked.generator.transformer is genre.generator.transformer
    assert (asked.generator.learned != genre.generator.learned).sum() == 1


def test_without_constraints_nothing_changes(genre: GenRe, mlmodel: Logistic) -> None:
    factuals = denied(mlmodel, 20)
    same = genre.with_constraints(None).get_counterfactuals(factuals)
    pd.testing.assert_frame_equal(same, genre.get_counterfactuals(factuals))


def test_constraints_given_when_asking_hold_exactly(genre: GenRe, mlmodel: Logistic) -> None:
    factuals = denied(mlmodel, 60)
    before = genre.get_counterfactuals(factuals)
    asked = genre.with_constraints({"owner": {"immutable": True}, "debt": {"range": (2, 20)}})
    found = asked.get_counterfactuals(factuals).dropna()
    own = factuals.loc[found.index]
    assert len(found) > 20
    assert (found["owner_yes"] == own["owner_yes"]).all()
    changed = found["debt"] != own["debt"]
    assert changed.any()
    assert mlmodel.data.inverse_transform(found)["debt"][changed].between(2 - 1e-9, 20 + 1e-9).all()
    assert (mlmodel.predict_proba(found)[:, 1] > 0.5).all()
    pd.testing.assert_frame_equal(
        genre.get_counterfactuals(factuals), before
    )  # what was trained is as it was


def test_one_person_gets_what_the_batch_gets(genre: GenRe, mlmodel: Logistic) -> None:
    factuals = denied(mlmodel, 8)
    asked = genre.with_constraints({"debt": {"direction": "decrease"}})
    alone = pd.concat([asked.get_counterfactuals(factuals.iloc[[row]]) for row in range(len(factuals))])
    pd.testing.assert_frame_equal(alone, asked.get_counterfactuals(factuals))


def test_more_is_drawn_under_constraints_unless_the_user_says_how_much(mlmodel: Logistic) -> None:
    genre = GenRe(mlmodel, QUICK | {"selection": "validity"}).with_sampling(selection="expected")
    narrow = {"debt": {"direction": "decrease"}}
    values = genre.schema.encode(denied(mlmodel, 5))
    many, free = genre.with_constraints(narrow).candidates(values), genre.candidates(values)
    assert many.shape[1] > free.shape[1]
    distinct = [len(np.unique(drawn, axis=0)) for drawn in many[:, : free.shape[1]]]
    sharp = genre.with_sampling(n_samples=free.shape[1], temperature=2.0).with_constraints(narrow)
    assert sharp.candidates(values).shape == free.shape
    assert sum(distinct) > sum(len(np.unique(drawn, axis=0)) for drawn in sharp.candidates(values))
    again = genre.with_constraints(narrow).with_sampling(n_samples=7)
    assert again.candidates(values).shape[1] == 7


def test_constraints_come_on_top_of_those_of_the_training(genre: GenRe, mlmodel: Logistic) -> None:
    narrow = genre.with_constraints({"debt": {"range": (2, 5), "direction": "increase"}})
    both = narrow.with_constraints({"debt": {"direction": "decrease"}})  # up and down: it stays
    debt = both.schema.features[both.schema.names.index("debt")]
    assert debt.immutable
    assert both.schema.immutable[genre.schema.immutable].all()
    factuals = denied(mlmodel, 20)
    found = both.get_counterfactuals(factuals).dropna()
    assert np.array_equal(found["debt"], factuals.loc[found.index, "debt"])
    with pytest.raises(InputError, match=r"'debt'.*nothing in common"):
        narrow.with_constraints({"debt": {"range": (10, 20)}})
    with pytest.raises(InputError, match="dept"):
        genre.with_constraints({"dept": {"immutable": True}})


@pytest.mark.usefixtures("quick_selectors")
def test_nobody_is_without_an_answer_for_whom_many_draws_have_one(mlmodel: Logistic) -> None:
    genre = GenRe(mlmodel, {**QUICK, "selection": "expected"})
    factuals = denied(mlmodel, 40)
    narrow = {"income": {"direction": "decrease"}, "owner": {"immutable": True}}
    asked = genre.with_constraints(narrow)
    answers = asked.get_counterfactuals(factuals)
    nobody = answers.isna().any(axis=1).to_numpy()
    assert not nobody.all()
    values = asked.schema.encode(factuals)
    few = asked.with_sampling(n_samples=1)
    drawn_alone = (asked.scores(few.candidates(values)) > 0.5).any(axis=1)
    assert (~drawn_alone & ~nobody).any()  # there are people whom the search alone has found an answer for
    low, high = asked.schema.bounds(values[nobody])
    random = np.random.default_rng(0).random((10_000, nobody.sum(), values.shape[1]))
    draws = asked.schema.constrain(values[nobody], low + (high - low) * random)
    assert not (asked.scores(draws) > 0.5).any()


@pytest.mark.usefixtures("quick_selectors")
def test_the_search_reaches_the_ends_of_what_is_allowed(mlmodel: Logistic) -> None:
    genre = GenRe(mlmodel, {**QUICK, "selection": "expected"})
    asked = genre.with_constraints({"debt": {"range": (0, 3)}})
    factuals = denied(mlmodel, 40)
    values = asked.schema.encode(factuals)
    moves = asked.schema.constrain(values[:, None], asked.selector.moves.coarse)
    for end in asked.schema.bounds(values):
        assert (moves == end[:, None]).any(axis=1).all()
