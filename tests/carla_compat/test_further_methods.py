"""CLUE, FeatureTweak, CausalRecourse, CEM and FOCUS: their repairs are needed, work, and refuse what cannot be."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import carla_genre  # noqa: F401 (before carla)
from carla_genre.carla_compat.causal_graphs import CausalGraphicalModel, StructuralCausalModel
from carla_genre.errors import InputError, MissingDependencyError

from carla.recourse_methods import CEM, FOCUS, Clue, FeatureTweak  # isort: skip

HERE = Path(__file__).parent
SCRIPT = HERE / "further_symptoms.py"
ABSENT = "causalgraphicalmodels_is_absent"
IN_THE_RELEASE_ONLY = {"tree_methods_have_no_defaults"}
NAMES = [
    "clue_shares_one_file",
    "clue_counts_features_not_columns",
    "clue_leaves_categories_between_levels",
    "clue_fails_on_a_batch_of_one_row",
    "tree_methods_have_no_defaults",
    "xgboost_nodes_are_misread",
    "xgboost_trees_vote_with_the_forest",
    "feature_tweak_asks_one_tree_only",
    "causal_recourse_has_no_defaults",
    "causal_recourse_adds_what_it_sets",
]


@pytest.fixture(scope="module")
def repaired(run_python):
    return run_python(SCRIPT, warm=True)


@pytest.fixture(scope="module")
def unrepaired(run_python):
    return run_python(SCRIPT, warm=True, disable=tuple(NAMES))


def test_every_symptom_is_asked_for(repaired):
    assert set(repaired["symptoms"]) == {*NAMES, ABSENT}


@pytest.mark.parametrize("name", [*NAMES, ABSENT])
def test_symptom_is_gone(name, repaired):
    assert repaired["symptoms"][name] in (False, None)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_symptom_is_there_without_repair(name, unrepaired):
    if unrepaired["head"] and name in IN_THE_RELEASE_ONLY:
        pytest.skip("mended in the repository's head")
    if name.startswith("xgboost"):
        pytest.importorskip("xgboost")
    assert unrepaired["symptoms"][name] is True


def test_causal_models_need_a_package_without_repair(run_python):
    code = "import json, sys; sys.path.insert(0, {!r}); import further_symptoms as symptoms\n"
    code += "print(json.dumps(symptoms.causalgraphicalmodels_is_absent()))"
    assert run_python(code.format(str(HERE)), warm=True, disable=(ABSENT,)) is True


def test_symptoms_are_gone_on_head(run_python):
    if "CARLA_HEAD" not in os.environ:
        pytest.skip("CARLA_HEAD names no checkout of CARLA's repository")
    found = run_python(SCRIPT, warm=True, paths=(os.environ["CARLA_HEAD"],))
    assert found["head"]
    assert {name: value for name, value in found["symptoms"].items() if value not in (False, None)} == {}


# What cannot be, refused when the method is built


def classifier(backend: str) -> SimpleNamespace:
    return SimpleNamespace(backend=backend, tree_iterator=None, feature_input_order=["x"], data=None)


@pytest.mark.parametrize(
    ("build", "backend"),
    [
        (lambda model: Clue(None, model, {"data_name": "x"}), "sklearn"),
        (lambda model: FeatureTweak(model, {"eps": 0.1}), "pytorch"),
        (lambda model: FOCUS(model, {"n_iter": 1}), "pytorch"),
        (lambda model: CEM(None, model, {"data_name": "x"}), "pytorch"),
    ],
)
def test_wrong_backend_is_refused_with_an_alternative(build, backend):
    with pytest.raises(InputError, match=f"backend is '{backend}'.*GrowingSpheres"):
        build(classifier(backend))


@pytest.mark.parametrize("method", [FeatureTweak, FOCUS])
def test_a_classifier_without_trees_is_refused(method):
    with pytest.raises(InputError, match="takes forests"):
        method(classifier("sklearn"), {})


WITHOUT = """
    import json, sys
    for package in ("tensorflow", "recourse"):
        sys.modules[package] = None
    sys.path.insert(0, {here!r})
    import carla_genre
    from further_symptoms import Stumps
    from toy_classifier import Toy
    from carla.recourse_methods import ActionableRecourse, FOCUS
    from carla_genre.errors import MissingDependencyError
    said = []
    for method, model in ((FOCUS, Stumps()), (ActionableRecourse, Toy())):
        try:
            method(model, {{}})
        except MissingDependencyError as error:
            said.append(str(error))
    print(json.dumps(said))
"""


@pytest.mark.parametrize("disable", [(), ("absent_package_is_no_help",)])
def test_absent_package_is_told_with_an_alternative(run_python, disable):
    said = run_python(WITHOUT.format(here=str(HERE)), warm=True, disable=disable)
    assert ["pip install" in error for error in said] == [True, True]
    assert ["GrowingSpheres" in error for error in said] == [not disable] * 2


# The graph of a causal model


def test_graph_follows_from_the_equations():
    model = StructuralCausalModel(
        {"a": lambda n_samples: 0, "b": lambda n_samples, a: a, "c": lambda n_samples, a, b: a + b}
    )
    assert set(model.cgm.dag.edges) == {("a", "b"), ("a", "c"), ("b", "c")}


def test_impossible_graphs_are_refused():
    with pytest.raises(InputError, match="cycle"):
        CausalGraphicalModel("ab", [("a", "b"), ("b", "a")])
    with pytest.raises(InputError, match="'z'"):
        StructuralCausalModel({"a": lambda n_samples, z: z})


def test_a_graph_is_drawn_with_what_is_installed(monkeypatch):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    axes = CausalGraphicalModel("abc", [("a", "b"), ("b", "c")]).draw()
    assert {text.get_text() for text in axes.texts} == {"a", "b", "c"}
    assert len([patch for patch in axes.patches if "Arrow" in type(patch).__name__]) == 2
    pyplot.close(axes.figure)
    for name in ("matplotlib", "matplotlib.pyplot"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingDependencyError, match="pip install matplotlib"):
        CausalGraphicalModel("a", []).draw()


def test_endless_grids_are_refused():
    from carla_genre.carla_compat.repairs.causal import refuse_endless_grids

    refuse_endless_grids({"continuous": ["x"] * 5, "categorical": []})
    with pytest.raises(InputError, match="1,771,561 sets"):
        refuse_endless_grids({"continuous": ["x"] * 6, "categorical": []})
