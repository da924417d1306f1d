"""DiCE, told what may vary and within which range."""

import sys

import pandas as pd
import pytest
from method_cases import denied, make_mlmodel

from carla_genre.errors import MissingDependencyError
from carla_genre.evaluation.violations import violations
from carla_genre.methods.baselines.dice import DiCE

SET = {"job": {"immutable": True}, "income": {"direction": "increase"}, "debt": {"range": (2, 9)}}


@pytest.mark.parametrize(
    "search", ["random", *(pytest.param(search, marks=pytest.mark.slow) for search in ("genetic", "kdtree"))]
)
def test_a_set_that_is_said_when_asking_holds(search: str) -> None:
    pytest.importorskip("dice_ml")
    method = DiCE(make_mlmodel(), {"search": search, "sample_size": 50, "generations": 20})
    people = denied(method.classifier.mlmodel, 3)
    told = method.with_constraints(SET)
    answers = told.get_counterfactuals(people)
    assert answers.notna().all(axis=1).any()
    assert violations(told.schema, people, answers).rows == 0
    pd.testing.assert_frame_equal(told.get_counterfactuals(people.iloc[[2]]), answers.iloc[[2]])
    nothing = {name: {"immutable": True} for name in method.schema.names}
    assert method.with_constraints(nothing).get_counterfactuals(people).isna().all(axis=None)


def test_without_dice_ml_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dice_ml", None)
    with pytest.raises(MissingDependencyError, match=r"carla-genre\[peers\]"):
        DiCE(make_mlmodel())
