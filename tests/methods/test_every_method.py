"""Every method on Adult, COMPAS and HELOC, at small sizes: the whole contract of a recourse method."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from method_cases import quick_selector
from small_sets import NAMES, small_forest, small_set

from carla_genre import InputError, available_methods, build_method, check_method

# Hyperparameters with which a method prepares itself in a moment; the answers need not be good.
_TRAINING = {"training": {"steps": 20, "batch_size": 128, "evaluations": 2}}
_TABSYN = {"width": 32, "vae_steps": 20, "diffusion_steps": 20, "sampling_steps": 8}
_VAE = {"layers": [8, 4], "epochs": 1, "batch_size": 128}
QUICK: dict[str, dict[str, Any]] = {
    "GenRe": {**_TRAINING, "architecture": {"decoder_layers": 1}},
    "Unconditional": {**_TRAINING, "n_candidates": 100},
    "ROAR": {"steps": 50},
    "PROBE": {"steps": 50},
    "TAP": {"n_iter": 50, "verifier": {"max_steps": 50}},
    "TabSyn+Q": _TABSYN,
    "TabSyn+SVDD": {**_TABSYN, "duplicates": 3},
    "PAR": {"components": 4, "em_steps": 5, "surrogate_steps": 50, "steps": 20},
    "DiCoFlex": {"steps": 20, "transforms": 2, "hidden": 16, "n_samples": 10},
    "DiCE-constrained": {"sample_size": 50},
    "PROPLACE": {"n_neighbours": 2},
    "Wachter": {"n_iter": 50},
    "Dice": {"posthoc_sparsity_param": 0},
    "Face": {"fraction": 0.3},
    "Revise": {"max_iter": 10, "vae_params": _VAE},
    "CCHVAE": {"max_iter": 10, "n_search_samples": 20, "vae_params": _VAE},
    "CRUD": {"max_iter": 10, "vae_params": _VAE},
    "Clue": {"epochs": 1},
    "CRUD-batched": {"max_iter": 10, "vae_params": _VAE},
    "Revise-batched": {"max_iter": 10, "vae_params": _VAE},
    "Clue-batched": {"epochs": 1, "max_steps": 20},
    "FOCUS": {"n_iter": 20, "lr": 0.05},
}
METHODS = available_methods()
# They need a causal model, TensorFlow, the package `recourse` or CARLA's head: tested by themselves.
ELSEWHERE = {"CEM", "CausalRecourse", "ActionableRecourse", "Roar"}
FORESTS = {"TreeCF", "FeatureTweak", "FOCUS"}


# Slow searches, of CARLA's and dice-ml's; CARLA has one method of each kind among the others.
SLOW = {"DiCE-constrained", "PROPLACE", "Dice", "Face", "FeatureTweak", "Clue", "Revise", "CRUD"}
SLOW |= {"Clue-batched", "Revise-batched", "CRUD-batched"}  # test_batched.py has them
# The rest of the matrix repeats the cells of Adult; .ci/run has all of it.
ON_ALL_DATA = {"NNR"}


def cells() -> Iterator[Any]:
    """Each method on Adult, one on all data sets; the other cells are slow."""
    for name in METHODS:
        for data in NAMES if name not in ELSEWHERE else ():
            first = (data == "adult" or name in ON_ALL_DATA) and name not in SLOW
            yield pytest.param(name, data, marks=() if first else pytest.mark.slow)


@pytest.fixture(autouse=True)
def short_searches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """CLUE searches in 20 steps instead of 400, selectors are fitted in a moment."""
    from carla.recourse_methods.catalog.clue import model

    monkeypatch.setattr(model, "vae_gradient_search", partial(model.vae_gradient_search, max_steps=20))
    with quick_selector():
        yield


@pytest.mark.data
@pytest.mark.parametrize(("name", "data"), list(cells()))
def test_the_contract_holds(name: str, data: str, data_root: Path) -> None:
    for package in METHODS[name].packages:
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{name} needs {package}")
    mlmodel, factuals = (small_forest if name in FORESTS else small_set)(data, str(data_root))
    quiet = {"verbose": False, **QUICK.get(name, {})}
    factuals = factuals.head(2) if name == "Clue" else factuals  # it searches for a second each
    check_method(name, mlmodel, factuals, quiet, holds_constraints=METHODS[name].origin == "carla-genre")


@pytest.mark.parametrize("name", METHODS)
def test_an_unknown_hyperparameter_is_refused_before_anything_is_built(name: str) -> None:
    with pytest.raises(InputError, match="'sead': did you mean 'seed'"):
        build_method(name, None, {"sead": 1})


def test_a_method_that_there_is_not() -> None:
    with pytest.raises(InputError, match="no recourse method 'genre': did you mean 'GenRe'"):
        build_method("genre", None)
    with pytest.raises(InputError, match="there are"):
        build_method("zzzzzzzz", None)
    with pytest.raises(InputError, match="cannot load the recourse method 'json:Nothing'"):
        build_method("json:Nothing", None)
    with pytest.raises(InputError, match="no RecourseMethod class"):
        build_method("json:JSONDecoder", None)
