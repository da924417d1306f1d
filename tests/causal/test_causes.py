"""What a user says, and what is said back where it is wrong."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from causal_cases import EQUATIONS, GIVEN, GRAPH, QUICK, people
from method_cases import Logistic

from carla_genre import GenRe, InputError, Recourse
from carla_genre.causal import Causes, Equation
from carla_genre.methods.baselines.nearest import NearestNeighbor

from carla.data.causal_model import CausalModel  # isort: skip (after carla_genre)

DEBT = {"debt": ["savings"]}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"graph": {"a": ["b"], "b": ["a"]}}, "the graph has a cycle, (a -> b -> a|b -> a -> b)"),
        ({"graph": {"a": ["a"]}}, "the graph has a cycle, a -> a"),
        ({"graph": [("a", "b")]}, "graph must be a dict"),
        ({"graph": {"a": [1]}}, "'a' -> .1.: the names"),
        ({"graph": {"a": 1}}, "'a' -> 1: the names"),
        (
            {"graph": GRAPH, "equations": {"saving": EQUATIONS["savings"]}},
            "'saving' has no causes .* 'savings'",
        ),
        ({"graph": GRAPH, "equations": {"savings": 2}}, "the equation of 'savings' is no function"),
        ({"graph": GRAPH, "equations": [1]}, "equations must be a dict"),
        ({"graph": GRAPH, "passive": 5}, "passive must be a list of features, got 5"),
        ({"graph": GRAPH, "passive": ["income"]}, "'income' has no causes in the graph"),
    ],
)
def test_what_is_wrong_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Causes(**given)


@pytest.mark.parametrize(
    ("causes", "said"),
    [
        (Causes({"saving": ["income"]}), "no feature 'saving'.* 'savings'"),
        (Causes({"owner": ["income"]}), "'owner' has levels, and noise is not added to a level"),
        (Causes({"owner": ["income"]}, {"owner": lambda causes: causes["income"]}), "'owner' has levels"),
        (Causes(DEBT, {"debt": lambda causes: causes["nothing"]}), "the equation of 'debt' fails: KeyError"),
        (Causes(DEBT, {"debt": lambda causes: np.zeros((3, 2))}), "'debt' must give .* cells"),
        (Causes(DEBT, {"debt": lambda causes: "many"}), "'debt' gives no numbers"),
        (Causes(DEBT, {"debt": lambda causes: causes["savings"] * np.nan}), "'debt' gives no number for any"),
        (
            Causes(
                {"owner": ["income"]},
                {"owner": Equation(lambda p, u: np.full(len(p), "maybe"), lambda p, x: x)},
            ),
            "the equation of 'owner': 'owner' has no level 'maybe'",
        ),
        (
            Causes(DEBT, {"debt": Equation(lambda p, u: p["savings"] + u, lambda p, x: x + p["savings"])}),
            "value= of the noise that noise= finds is another 'debt' than the row's own, for 100 of 100",
        ),
    ],
)
def test_what_does_not_fit_the_features_is_named(mlmodel: Logistic, causes: Causes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        NearestNeighbor(mlmodel, {"causes": causes})


def test_a_dict_is_no_causes(mlmodel: Logistic) -> None:
    with pytest.raises(InputError, match="causes must be Causes, got"):
        NearestNeighbor(mlmodel, {"causes": GRAPH})


def test_the_front_door_says_that_it_takes_none() -> None:
    with pytest.raises(InputError, match="Recourse does not take causes yet"):
        Recourse(lambda rows: rows["income"], people(60), "approved", 1, hyperparams={"causes": GIVEN})


def test_causes_are_pickled_with_their_equations() -> None:
    again = pickle.loads(pickle.dumps(Causes(GRAPH, {"debt": Equation(lambda p, u: u, lambda p, x: x)})))
    assert again.graph == Causes(GRAPH).graph and again.equations["debt"].noise(None, 3) == 3
    carlas = pickle.loads(pickle.dumps(Causes.from_carla(CausalModel("sanity-3-lin"))))
    assert carlas.equations["x2"]({"x1": 3.0}) == -3.0


def test_carlas_causal_model() -> None:
    causes = Causes.from_carla(CausalModel("sanity-3-lin"))
    assert causes.graph == {"x2": ("x1",), "x3": ("x1", "x2")}
    assert causes.equations["x3"]({"x1": 2.0, "x2": 4.0}) == pytest.approx(0.5 * (0.1 * 2.0 + 0.5 * 4.0))


def test_a_file_has_a_graph_and_refuses_equations(
    mlmodel: Logistic, genre: GenRe, factuals: Any, tmp_path: Any
) -> None:
    with pytest.raises(InputError, match=r"the equations of .'savings', 'debt'. cannot be written to a file"):
        genre.save(tmp_path / "given.safetensors")
    assert not list(tmp_path.iterdir())
    fitted = GenRe(mlmodel, {**QUICK, "selection": "validity", "causes": Causes(DEBT, passive="debt")})
    fitted.save(tmp_path / "fitted.safetensors")
    loaded = GenRe.load(tmp_path / "fitted.safetensors", mlmodel)
    assert loaded.hyperparams["causes"] == fitted.hyperparams["causes"] != GIVEN
    for ask in ("get_counterfactuals", "get_actions"):
        assert getattr(loaded, ask)(factuals).equals(getattr(fitted, ask)(factuals))
