"""DiCoFlex: one flow, asked under any constraints."""

import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from method_cases import denied, make_mlmodel

from carla_genre.errors import InputError, MissingDependencyError
from carla_genre.methods.baselines import dicoflex
from carla_genre.methods.baselines.dicoflex import DiCoFlex
from carla_genre.schema.relaxation import Relaxation

QUICK: dict[str, Any] = {"steps": 60, "transforms": 2, "hidden": 16, "n_samples": 20, "verbose": False}
SET = {"job": {"immutable": True}, "income": {"direction": "increase"}, "debt": {"range": (2, 9)}}
needs_zuko = pytest.mark.skipif(
    "not __import__('importlib').util.find_spec('zuko')", reason="DiCoFlex needs zuko (the extra 'peers')"
)


@pytest.fixture(scope="module")
def method() -> DiCoFlex:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dicoflex, "BANK", 4096)
        return DiCoFlex(make_mlmodel(), QUICK)


@needs_zuko
def test_a_set_that_is_said_when_asking_holds_in_every_candidate(method: DiCoFlex) -> None:
    told = method.with_constraints(SET)
    values = told.schema.encode(denied(method.classifier.mlmodel, 30))
    candidates = told.candidates(values)
    assert told.schema.allowed(values[:, None], candidates).all()
    assert not told.schema.allowed(values[:, None], method.candidates(values)).all()


@needs_zuko
def test_no_constraints_are_those_of_the_data_and_an_answer_is_a_persons_own(method: DiCoFlex) -> None:
    people = denied(method.classifier.mlmodel, 20)
    answers = method.get_counterfactuals(people)
    pd.testing.assert_frame_equal(method.with_constraints(None).get_counterfactuals(people), answers)
    found = answers.notna().all(axis=1)
    assert found.any()
    assert (method.classifier.mlmodel.predict(answers[found]) > 0.5).all()
    alone = pd.concat([method.get_counterfactuals(people.iloc[[i]]) for i in range(5)])
    np.testing.assert_allclose(alone.to_numpy(float), answers.head(5).to_numpy(float), rtol=1e-5, atol=1e-6)


@needs_zuko
def test_a_mask_makes_the_neighbours_agree(method: DiCoFlex) -> None:
    """Of examples whose mask names a number, the neighbours are nearer in it than those of the others."""
    rows = method.classifier.training_rows()
    random = np.random.default_rng(0)
    targets = method._vectors(rows.values[rows.accepted(0.7)])
    bank = method._bank(rows.values[rows.scores <= 0.5], targets, random)
    position = method.schema.names.index("debt")
    place = Relaxation(method.schema).slices[position].start
    gap = (targets[bank.neighbours][..., place] - bank.factuals[:, None, place]).abs().mean(1).numpy()
    masked = bank.masks[:, position].numpy() > 0
    assert gap[masked].mean() < 0.7 * gap[~masked].mean()


@needs_zuko
def test_an_unknown_feature_is_named(method: DiCoFlex) -> None:
    with pytest.raises(InputError, match="'incme'"):
        method.with_constraints({"incme": {"immutable": True}})


def test_without_zuko_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zuko.flows", None)
    with pytest.raises(MissingDependencyError, match=r"carla-genre\[peers\]"):
        DiCoFlex(make_mlmodel(), QUICK)
