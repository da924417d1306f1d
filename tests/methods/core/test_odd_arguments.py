"""An odd argument is one InputError that names it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from method_cases import QUICK, Logistic, denied, quick_selector

from carla_genre import GenRe, InputError, build_method


@pytest.mark.parametrize("name", ["GenRe", "NNR", "Unconditional"])
@pytest.mark.parametrize("model", [None, 3, "model", object()])
def test_what_is_no_classifier(name: str, model: Any) -> None:
    with pytest.raises(InputError, match=r"is no classifier as CARLA has them, it lacks \['data'"):
        build_method(name, model, {})


@pytest.mark.parametrize(
    "preset", [["paper"], {"paper": 1}, {"paper"}, 3, None, np.array(["paper", "default"])]
)
@pytest.mark.parametrize("key", ["preset", "selection"])
def test_a_choice_that_is_no_text(key: str, preset: Any, mlmodel: Logistic) -> None:
    with pytest.raises(InputError, match=f"GenRe: {key} must be"):
        GenRe(mlmodel, {key: preset})


@pytest.mark.parametrize("seed", [2**32 - 2, 2**32, 2**63 - 1])
def test_a_large_seed_is_a_seed(seed: int, mlmodel: Logistic) -> None:
    with quick_selector():
        method = GenRe(mlmodel, {**QUICK, "selection": "expected", "seed": seed})
    assert method.get_counterfactuals(denied(mlmodel)).notna().any(axis=None)


def test_frames_that_are_not_encoded_rows(genre: GenRe, mlmodel: Logistic) -> None:
    factuals = denied(mlmodel, 3)
    with pytest.raises(InputError, match=r"lacks the classifier's columns \['income'\]"):
        genre.certainty(factuals.drop(columns="income"))
    with pytest.raises(InputError, match="columns have 2 levels"):
        genre.get_counterfactuals(pd.concat({"people": factuals}, axis=1).swaplevel(axis=1))
    for cell in ([1], {"a": 1}):
        with pytest.raises(InputError, match="'owner'"):
            genre.get_counterfactuals(factuals.assign(owner_yes=pd.Series([cell] * 3, factuals.index)))
        with pytest.raises(InputError, match="'income'"):
            genre.get_counterfactuals(factuals.assign(income=pd.Series([cell] * 3, factuals.index)))
