"""Each repair of data and classifiers is needed: its symptom is there without it, and gone with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("data_symptoms.py")

# On every stack that this package can be installed on.
EXPECTED = [
    "cached_classifier_is_of_other_data",
    "catalog_encoder_lacks_feature_names",
    "catalogs_cannot_be_pickled",
    "csv_catalog_splits_at_random",
    "data_set_names_are_asked_of_github",
    "failed_classifier_download_is_no_help",
    "failed_data_download_is_no_help",
    "feature_order_is_not_str",
    "frame_columns_are_a_set",
    "identity_encoding_cannot_be_decoded",
    "importing_carla_sets_up_logging",
    "merging_defaults_shares_and_drops",
    "one_hot_encoder_lacks_sparse",
    "softmax_has_no_dimension",
    "torch_dislikes_frame_values",
    "torch_loads_weights_only",
    "unknown_preprocessing_is_identity",
    "xgboost_fit_takes_no_eval_metric",
]


@pytest.fixture(scope="module")
def repaired(run_python: Any) -> dict[str, Any]:
    pytest.importorskip("xgboost")
    return run_python(SCRIPT, warm=True)


@pytest.fixture(scope="module")
def unrepaired(run_python: Any, repaired: dict[str, Any]) -> dict[str, Any]:
    return run_python(SCRIPT, disable=tuple(repaired["symptoms"]), warm=True)


@pytest.mark.parametrize("name", EXPECTED)
def test_symptom_is_gone(name: str, repaired: dict[str, Any]) -> None:
    assert repaired["symptoms"][name] is False


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPECTED)
def test_symptom_is_there_without_the_repair(
    name: str, repaired: dict[str, Any], unrepaired: dict[str, Any]
) -> None:
    assert name in repaired["applied"]
    assert name not in unrepaired["applied"]
    assert unrepaired["symptoms"][name] is True


def test_every_symptom_is_expected(repaired: dict[str, Any]) -> None:
    assert sorted(repaired["symptoms"]) == sorted(EXPECTED)
