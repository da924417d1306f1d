"""treecf's search behind this package's interface."""

import sys
from typing import Any

import pytest
from method_cases import Logistic, denied, make_mlmodel

from carla_genre.errors import InputError, MissingDependencyError
from carla_genre.evaluation.violations import violations
from carla_genre.methods.baselines.treecf import TreeCF

SET = {"job": {"immutable": True}, "income": {"direction": "increase"}, "debt": {"range": (2, 9)}}


class Trees(Logistic):
    """The same interface around a boosting that treecf reads."""

    def __init__(self, data: Any) -> None:
        from sklearn.ensemble import HistGradientBoostingClassifier

        super().__init__(data)
        train = data.df_train
        boosting = HistGradientBoostingClassifier(max_iter=30, random_state=0)
        self._model = boosting.fit(train[self._columns].to_numpy(float), train[data.target])


@pytest.fixture(scope="module")
def trees() -> Trees:
    return Trees(make_mlmodel().data)


def test_a_set_that_is_said_when_asking_holds(trees: Trees) -> None:
    pytest.importorskip("treecf")
    method, people = TreeCF(trees), denied(trees, 8)
    told = method.with_constraints(SET)
    answers = told.get_counterfactuals(people)
    assert answers.notna().all(axis=1).any()
    assert violations(told.schema, people, answers).rows == 0
    assert violations(told.schema, people, method.get_counterfactuals(people)).rows > 0


def test_h_that_is_no_trees_is_refused() -> None:
    pytest.importorskip("treecf")
    with pytest.raises(InputError, match="ensemble of trees"):
        TreeCF(make_mlmodel())


def test_without_treecf_the_extra_is_named(trees: Trees, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "treecf", None)
    with pytest.raises(MissingDependencyError, match=r"carla-genre\[peers\]"):
        TreeCF(trees)
