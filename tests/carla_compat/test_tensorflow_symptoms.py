"""Each repair for TensorFlow is needed: its symptom is there without it, and gone with it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("tensorflow_symptoms.py")

EXPECTED = [
    "ann_is_saved_into_working_folder",
    "autoencoders_turn_off_eager_mode",
    "cem_puts_keras_into_a_graph",
    "focus_opens_a_session_eagerly",
    "keras_backend_lacks_functions",
    "keras_fails_in_a_graph",
    "keras_misreads_old_files",
    "keras_names_weights_otherwise",
    "keras_predict_needs_eager_mode",
    "tensorflow_lacks_contrib",
    "tensorflow_lacks_version_1_names",
    "tree_scores_are_no_index",
]
OF_ANSWERS = [
    "cem_answers_failures_with_zeros",
    "cem_leaves_categories_between_levels",
    "cem_steps_in_any_order",
    "focus_answers_failures_with_zeros",
    "focus_answers_hang_on_who_else_asks",
    "focus_remembers_the_last_people",
]
ASK_ABOUT_ANSWERS = """
    import json
    from tensorflow_symptoms import found
    from tensorflow_answers import OF_ANSWERS
    print(json.dumps(found(OF_ANSWERS)))
"""
#: A defect of some versions of Keras only.
SOMETIMES = "keras_losses_lack_squared_error"

pytestmark = pytest.mark.skipif(
    find_spec("tensorflow") is None, reason="needs TensorFlow, which is not installed"
)


@pytest.fixture(scope="module")
def repaired(run_python: Any) -> dict[str, Any]:
    return run_python(SCRIPT)


@pytest.fixture(scope="module")
def unrepaired(run_python: Any) -> dict[str, Any]:
    return run_python(SCRIPT, disable=(*EXPECTED, SOMETIMES))


@pytest.mark.parametrize("name", [*EXPECTED, SOMETIMES])
def test_symptom_is_gone(name: str, repaired: dict[str, Any]) -> None:
    assert repaired["symptoms"][name] is False


@pytest.mark.parametrize("name", EXPECTED)
def test_symptom_is_there_without_the_repair(
    name: str, repaired: dict[str, Any], unrepaired: dict[str, Any]
) -> None:
    assert name in repaired["applied"]
    assert name not in unrepaired["applied"]
    assert unrepaired["symptoms"][name] is True


def test_a_loss_is_replaced_where_it_is_gone(repaired: dict[str, Any], unrepaired: dict[str, Any]) -> None:
    assert unrepaired["symptoms"][SOMETIMES] is (SOMETIMES in repaired["applied"])


def test_every_symptom_is_expected(repaired: dict[str, Any]) -> None:
    assert sorted(repaired["symptoms"]) == sorted([*EXPECTED, SOMETIMES])


def test_nothing_leaks(repaired: dict[str, Any]) -> None:
    assert repaired["leaks"] == []


@pytest.mark.parametrize("disable", [(), tuple(OF_ANSWERS)])
def test_answers_of_cem_and_focus(run_python: Any, disable: tuple[str, ...]) -> None:
    found = run_python(ASK_ABOUT_ANSWERS, disable=disable, paths=(SCRIPT.parent,))
    assert found == dict.fromkeys(OF_ANSWERS, bool(disable))
