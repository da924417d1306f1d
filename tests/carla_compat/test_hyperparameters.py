"""merge_default_parameters: nobody's dict is changed, and an unknown key is named."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import pytest

import carla_genre  # noqa: F401

from carla.recourse_methods import CCHVAE, Dice, GrowingSpheres, Revise, Wachter
from carla.recourse_methods.processing import counterfactuals, merge_default_parameters

DEFAULT: dict[str, Any] = {
    "data_name": None,
    "step": 0.1,
    "clamp": "_optional_",
    "vae": {"layers": [8, 2], "train": True},
}


def test_defaults_are_filled_in() -> None:
    merged = merge_default_parameters({"data_name": "adult", "vae": {"train": False}}, DEFAULT)
    assert merged == {
        "data_name": "adult",
        "step": 0.1,
        "clamp": None,
        "vae": {"layers": [8, 2], "train": False},
    }


def test_nobodys_dict_is_changed_or_shared() -> None:
    default, given = copy.deepcopy(DEFAULT), {"data_name": "adult"}
    merged = merge_default_parameters(given, default)
    merged["vae"]["layers"].append(1)
    merged["step"] = 9
    assert default == DEFAULT
    assert given == {"data_name": "adult"}
    layers = [4, 2]
    assert (
        merge_default_parameters({"data_name": "a", "vae": {"layers": layers}}, default)["vae"]["layers"]
        is not layers
    )


def test_none_gives_a_copy_of_the_defaults() -> None:
    default = {"step": 0.1, "clamp": "_optional_", "vae": {"train": True}}
    merged = merge_default_parameters(None, default)
    assert merged == {"step": 0.1, "clamp": None, "vae": {"train": True}}
    assert merged is not default
    assert merged["vae"] is not default["vae"]


def test_values_that_are_objects_are_passed_on_as_they_are() -> None:
    model = object()
    assert merge_default_parameters({"data_name": model}, DEFAULT)["data_name"] is model


def test_a_missing_value_is_still_an_error() -> None:
    with pytest.raises(ValueError, match="data_name"):
        merge_default_parameters({}, DEFAULT)
    with pytest.raises(ValueError, match="step"):
        merge_default_parameters({"data_name": "a", "step": None}, DEFAULT)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"stepp": 1}, r"'stepp' is ignored: did you mean 'step'\?"),
        ({"vae": {"layerz": [1]}}, r"'layerz' is ignored: did you mean 'layers'\?"),
        ({"xyz": 1}, r"'xyz' is ignored: there are .*clamp.*data_name.*step.*vae"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest(given: dict[str, Any], message: str) -> None:
    with pytest.warns(UserWarning, match=message):
        merge_default_parameters({"data_name": "a", **given}, DEFAULT)


def test_known_keys_are_no_reason_to_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        merge_default_parameters({"data_name": "a", "vae": {"layers": [1]}}, DEFAULT)


@pytest.mark.parametrize("method", [CCHVAE, Dice, GrowingSpheres, Revise, Wachter])
def test_every_method_merges_by_the_repaired_function(method: type) -> None:
    module = __import__(method.__module__, fromlist=["merge_default_parameters"])
    merge = getattr(module, "merge_default_parameters", counterfactuals.merge_default_parameters)
    assert merge is counterfactuals.merge_default_parameters
