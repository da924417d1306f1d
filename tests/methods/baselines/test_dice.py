"""DiCE, told what may vary and within which range."""

import sys

import numpy as np
import pandas as pd
import pytest
from method_cases import ROLES, Logistic, applicants, denied, make_mlmodel

from carla_genre import load_dataset
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


def test_a_number_that_is_mostly_0_is_not_drawn_in_tenths() -> None:
    pytest.importorskip("dice_ml")
    frame = applicants()
    frame["debt"] = frame["debt"].where(frame.index % 3 > 0, 0.0) / 7
    data = load_dataset(frame, quiet=True, **ROLES)
    method = DiCE(Logistic(data), {"search": "random", "sample_size": 50})
    people = denied(method.classifier.mlmodel, 10)
    debt = method.get_counterfactuals(people)["debt"].dropna()
    drawn = debt[~np.isclose(debt, people.loc[debt.index, "debt"])]
    assert len(drawn) and not np.allclose(drawn, drawn.round(1))
