"""The check of the contract finds each breach, one broken method a breach."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from method_cases import QUICK, Logistic, denied, make_mlmodel

from carla_genre import InputError, check_method
from carla_genre.methods.core.base import MethodOptions, SchemaMethod
from carla_genre.options import option
from carla_genre.testing import parametrize_with_checks

from carla.recourse_methods.api import RecourseMethod


class Good(SchemaMethod):
    REFUSED_IS_FAILURE = False

    def _answer(self, values: np.ndarray) -> np.ndarray:
        return self.schema.constrain(values, np.where(self.schema.categorical, values, 1.0))


class Wrapped(RecourseMethod):
    """Good, and then something that each subclass spoils."""

    def __init__(self, mlmodel: Any, hyperparams: Any = None) -> None:
        super().__init__(mlmodel)
        self.good = Good(mlmodel, hyperparams)

    def get_counterfactuals(self, factuals: Any) -> Any:
        return self.spoil(self.good.get_counterfactuals(factuals), factuals)


class Numbered(Wrapped):
    def spoil(self, answers: Any, factuals: Any) -> Any:
        return answers.reset_index(drop=True)


class Shuffled(Wrapped):
    def spoil(self, answers: Any, factuals: Any) -> Any:
        return answers.iloc[:, ::-1]


class NanInPart(Wrapped):
    def spoil(self, answers: Any, factuals: Any) -> Any:
        return answers.assign(income=np.nan)


class Drawing(Wrapped):
    def spoil(self, answers: Any, factuals: Any) -> Any:
        return answers.assign(income=np.random.default_rng().random(len(answers)))


class Global(Wrapped):
    def spoil(self, answers: Any, factuals: Any) -> Any:
        np.random.seed(0)
        return answers


class Scribbling(Wrapped):
    def spoil(self, answers: Any, factuals: Any) -> Any:
        if len(factuals):
            factuals.loc[factuals.index[0], "income"] = -5.0
        return answers


class TogetherOnly(Wrapped):
    def spoil(self, answers: Any, factuals: Any) -> Any:
        return answers.assign(income=factuals["income"].mean() if len(factuals) else 0.0)


class Ageing(Wrapped):
    def spoil(self, answers: Any, factuals: Any) -> Any:
        return answers.assign(age=answers["age"] + 0.1)


class Greying(Wrapped):
    def spoil(self, answers: Any, factuals: Any) -> Any:
        return answers.assign(age=1.0)


class Easygoing(Wrapped):
    def __init__(self, mlmodel: Any, hyperparams: Any = None) -> None:
        super().__init__(mlmodel)

    def spoil(self, answers: Any, factuals: Any) -> Any:
        return answers


def test_a_method_that_keeps_it_passes(mlmodel: Logistic) -> None:
    check_method(Good, mlmodel, denied(mlmodel))
    check_method("CopyFactual", mlmodel, denied(mlmodel))


def test_without_a_classifier_there_is_a_small_one() -> None:
    check_method("NNR")
    with pytest.raises(AssertionError, match="immutable=12"):
        check_method(Greying)
    with pytest.raises(InputError, match="together"):
        check_method("NNR", factuals=pd.DataFrame())


def test_each_check_is_a_test_of_pytest(mlmodel: Logistic) -> None:
    mark = parametrize_with_checks([Good, Ageing], mlmodel, denied(mlmodel)).mark
    assert mark.args[0] == ("method", "check")
    broken = []
    for case in mark.args[1]:
        try:
            method, check = case.values
            check(method)
        except AssertionError as error:
            broken.append((case.id, str(error)))
    assert [name for name, _ in broken] == ["Ageing-holds_constraints", "Ageing-leaves_accepted_rows"]
    assert "immutable=20" in broken[0][1]


def test_a_check_says_what_is_wrong_with_the_frame_first(mlmodel: Logistic) -> None:
    for case in parametrize_with_checks([Shuffled], mlmodel, denied(mlmodel)).mark.args[1]:
        if case.id == "Shuffled-holds_constraints":
            with pytest.raises(AssertionError, match="not feature_input_order"):
                case.values[1](Shuffled)


def test_hyperparameters_may_be_objects_and_a_changed_dict_is_seen(mlmodel: Logistic) -> None:
    @dataclass(frozen=True)
    class HoldingOptions(MethodOptions):
        model: Any = option(None, "An object.")
        weights: dict[str, Any] | None = option(None, "Feature -> weights.")

    class Holding(Good):
        OPTIONS = HoldingOptions()

    given = {"model": object(), "weights": {"income": np.array([1.0, 2.0])}}
    check_method(Holding, mlmodel, denied(mlmodel), given)

    class Spoiling(Wrapped):
        def __init__(self, mlmodel: Any, hyperparams: Any = None) -> None:
            super().__init__(mlmodel, {key: hyperparams[key] for key in hyperparams if key != "weights"})
            hyperparams["weights"]["income"][0] = 5.0

        def spoil(self, answers: Any, factuals: Any) -> Any:
            return answers

    with pytest.raises(AssertionError, match="caller's hyperparameters"):
        check_method(Spoiling, mlmodel, denied(mlmodel), {"weights": {"income": np.array([1.0, 2.0])}})


@pytest.mark.parametrize(
    ("broken", "breach"),
    [
        (Numbered, "index is"),
        (Shuffled, "not feature_input_order"),
        (NanInPart, "NaN in part"),
        (Drawing, "called twice"),
        (Global, "global random state of numpy"),
        (Scribbling, "caller's factuals"),
        (TogetherOnly, "row 0 alone"),
        (Ageing, "immutable=20"),
        (Easygoing, "unknown hyperparameter without a word"),
    ],
)
def test_each_breach_is_named(broken: type[RecourseMethod], breach: str, mlmodel: Logistic) -> None:
    with pytest.raises(AssertionError, match=breach):
        check_method(broken, mlmodel, denied(mlmodel))


def test_the_page_s_method_is_short(repository: Path) -> None:
    page = (repository / "docs" / "add_a_method.md").read_text(encoding="utf-8")
    example = re.search(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert example and "class TurnBack(SchemaMethod)" in example.group(1)
    assert len(example.group(1).splitlines()) < 40


def test_text_levels_are_read(mlmodel: Logistic) -> None:
    texts = make_mlmodel("Identity")
    check_method("GenRe", texts, denied(texts, 8), QUICK)
