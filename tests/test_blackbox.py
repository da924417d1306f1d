"""What a classifier says is checked once, where it is asked: NaN is a refusal, a number outside [0, 1] an error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from method_cases import QUICK, Logistic, denied, make_mlmodel, quick_selector

from carla_genre import GenRe, InputError, build_method
from carla_genre.blackbox import model_probability
from carla_genre.selection import cheapest, most_valid


@pytest.fixture(scope="module")
def mlmodel() -> Logistic:
    return make_mlmodel()


class Lost(Logistic):
    """Gives NaN where income lies in some narrow bands."""

    def predict_proba(self, x: Any) -> np.ndarray:
        answer = super().predict_proba(x).copy()
        answer[self._silent(x)] = np.nan
        return answer

    @staticmethod
    def _silent(x: Any) -> np.ndarray:
        return (x["income"].to_numpy() * 50).astype(int) % 3 == 0


class Scaled(Logistic):
    """Gives percent."""

    def predict_proba(self, x: Any) -> np.ndarray:
        return 100 * super().predict_proba(x)


def methods() -> dict[str, tuple[str, dict[str, Any]]]:
    rules = {
        f"GenRe {rule}": ("GenRe", {**QUICK, "selection": rule})
        for rule in ("expected", "validity", "cheapest")
    }
    quick = {key: QUICK[key] for key in ("training", "architecture", "verbose")}
    others = {
        "Unconditional": {**quick, "n_candidates": 50},
        "NNR": {},
        "PROBE": {"steps": 20},
        "ROAR": {"steps": 20},
        "PAR": {"components": 4, "em_steps": 5, "surrogate_steps": 50, "steps": 20},
    }
    return {**rules, **{name: (name, given) for name, given in others.items()}}


@pytest.mark.parametrize("case", methods())
def test_no_method_gives_an_answer_of_which_h_says_nan(case: str, mlmodel: Logistic) -> None:
    name, given = methods()[case]
    lost = Lost(mlmodel.data)
    with quick_selector():
        answers = build_method(name, lost, {"verbose": False, **given}).get_counterfactuals(
            denied(mlmodel, 40)
        )
    found = answers.dropna()
    assert len(found) or name in ("PROBE", "ROAR")
    assert (lost.predict_proba(found)[:, 1] > 0.5).all()


def test_nan_is_a_refusal_for_the_rules_by_h() -> None:
    candidates = np.arange(6.0).reshape(2, 3, 1)
    scores = np.array([[np.nan, 0.7, 0.9], [np.nan, np.nan, 0.2]])
    np.testing.assert_array_equal(most_valid(candidates, scores), [[2.0], [np.nan]])
    cost = np.array([[0.0, 1.0, 2.0], [0.0, 0.0, 0.0]])
    np.testing.assert_array_equal(cheapest(candidates, scores, cost, 0.6), [[1.0], [np.nan]])


def test_a_number_that_is_no_probability_is_an_error(mlmodel: Logistic) -> None:
    with pytest.raises(InputError, match=r"Scaled.predict_proba: .* outside \[0, 1\]"):
        model_probability(Scaled(mlmodel.data), mlmodel.data.df_test)
    with pytest.raises(InputError, match="probabilities are wanted"):
        GenRe(Scaled(mlmodel.data), QUICK)


@pytest.mark.parametrize("said", [iter([0.5]), np.full((3, 2), "yes"), [object()]])
def test_what_is_no_number_is_an_error(said: Any, mlmodel: Logistic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlmodel, "predict_proba", lambda x: said)
    with pytest.raises(InputError, match=r"Logistic.predict_proba gives no numbers"):
        model_probability(mlmodel, mlmodel.data.df_test.head(3))
