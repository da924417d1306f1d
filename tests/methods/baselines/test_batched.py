"""CRUD, Revise and CLUE for all people at once: CARLA's answers, in a small part of its time."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from carla_cases import network
from method_cases import denied, make_mlmodel

from carla_genre import InputError, build_method, check_method
from carla_genre.methods.carla import hyperparameters as carlas
from carla_genre.methods.registry import hyperparameters_of
from carla_genre.protocol.classifier import ProtocolClassifier

_VAE = {"layers": [16, 8], "epochs": 2, "batch_size": 256}
QUICK: dict[str, dict[str, Any]] = {
    "CRUD": {"max_iter": 30, "vae_params": _VAE},
    "Revise": {"max_iter": 30, "vae_params": _VAE},
    "Clue": {"epochs": 2},
}
IMMUTABLE = ["age", "region"]


@pytest.fixture(scope="module", autouse=True)
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """CARLA keeps its autoencoders in a folder of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CF_MODELS", str(tmp_path_factory.mktemp("models")))
        yield


@pytest.fixture(scope="module")
def h() -> ProtocolClassifier:
    return network()


@pytest.fixture(scope="module")
def people(h: ProtocolClassifier) -> pd.DataFrame:
    return denied(h, 80)  # more than a batch


def built(name: str, h: ProtocolClassifier, **given: Any) -> Any:
    return build_method(f"{name}-batched", h, {**QUICK[name], "verbose": False, **given})


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_each_person_has_carlas_answer(name: str, h: ProtocolClassifier, people: pd.DataFrame) -> None:
    few = people.head(3 if name == "Clue" else 20)
    carla = build_method(name, h, {**QUICK[name], "seed": 3, "verbose": False}).get_counterfactuals(few)
    ours = built(name, h, seed=3, hold_constraints=False).get_counterfactuals(few)
    np.testing.assert_allclose(ours, carla, rtol=0, atol=1e-5)  # NaN where CARLA has NaN


def test_the_first_steps_are_carlas(h: ProtocolClassifier, people: pd.DataFrame) -> None:
    method = built("Revise", h, max_iter=3, hold_constraints=False)
    carla = build_method("Revise", h, {**QUICK["Revise"], "max_iter": 3, "verbose": False})
    np.testing.assert_allclose(
        method.get_counterfactuals(people.head(4)),
        carla.get_counterfactuals(people.head(4)),
        rtol=0,
        atol=1e-5,
    )


@pytest.mark.parametrize(
    "name", ["Revise", *(pytest.param(name, marks=pytest.mark.slow) for name in ("CRUD", "Clue"))]
)
def test_the_contract(name: str, h: ProtocolClassifier, people: pd.DataFrame) -> None:
    given = {**QUICK[name], "verbose": False, "constraints": {"income": {"direction": "increase"}}}
    check_method(f"{name}-batched", h, people.tail(20), given)


@pytest.mark.slow
def test_constraints_are_held_inside_of_the_search_unless_carla_is_wanted(
    h: ProtocolClassifier, people: pd.DataFrame
) -> None:
    held, free = (
        built("Revise", h, hold_constraints=hold).get_counterfactuals(people) for hold in (True, False)
    )
    fixed = [column for column in held if str(column).split("_")[0] in IMMUTABLE]
    own = people[held.columns]
    answered, moved = held.notna().all(axis=1), free.notna().all(axis=1)
    assert answered.any() and moved.any()
    assert (held[fixed] == own[fixed])[answered].all(axis=None)
    assert not (free[fixed] == own[fixed])[moved].all(axis=None)
    assert (h.predict_proba(held[answered])[:, 1] > 0.5).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_nobody_is_answered_where_h_accepts_nothing(
    name: str, h: ProtocolClassifier, people: pd.DataFrame
) -> None:
    h = copy.copy(h)
    method = built(name, h)
    h.predict_proba = _refusing(h)  # type: ignore[method-assign]
    answers = method.get_counterfactuals(people.head(5))
    assert answers.isna().all(axis=None) and answers.index.equals(people.index[:5])


def _refusing(h: ProtocolClassifier) -> Callable[[Any], Any]:
    """A classifier that is a tenth as sure, and so accepts nobody."""
    sure = h.predict_proba

    def predict_proba(x: Any) -> Any:
        accepted = sure(x) / 10
        accepted[:, 0] = 1 - accepted[:, 1]
        return accepted

    return predict_proba


def test_the_defaults_are_carlas() -> None:
    for name, theirs in {"CRUD": carlas.CRUD, "Revise": carlas.REVISE, "Clue": carlas.CLUE}.items():
        ours = hyperparameters_of(f"{name}-batched")
        assert ours is not None
        for key, option in theirs.items():
            if key in {"target_class", "binary_cat_features"}:  # one value, and one that the data decide
                continue
            found = ours["lambda_" if key == "lambda" else key]
            wanted = {k: o.default for k, o in option.group.items()} if option.group else option.default
            if option.group:
                found, wanted = {**found, "layers": list(found["layers"])}, dict(wanted)
            assert found == wanted, (name, key)


def test_a_classifier_without_a_gradient_is_refused() -> None:
    with pytest.raises(InputError, match="CRUD takes classifiers of backend 'pytorch'"):
        build_method("CRUD-batched", make_mlmodel())
