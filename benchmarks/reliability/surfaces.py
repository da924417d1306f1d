"""What is given in Python: hyperparameters, sampling, factuals, classifiers, tables. A case is right or one error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import torch
from hypothesis import strategies as st

from benchmarks.reliability.odd import VALUES, Draw, changed_frame
from benchmarks.reliability.promises import check_answers, numbers, result_or_error, same, unchanged
from benchmarks.reliability.world import (
    ARCHITECTURE,
    QUICK,
    ROLES,
    Formula,
    applicants,
    classifier,
    denied,
    trained,
)
from carla_genre import GenRe, load_dataset
from carla_genre.options import Option, declared

ONE_STEP = {**QUICK, "training": {"steps": 1, "batch_size": 32, "evaluations": 1}}
# More of these takes longer, by right.
_DURATIONS = ("steps", "epochs", "n_samples", "threads", "evaluations", "patience")
_FEATURES = ("income", "age", "debt", "job", "owner")


class World:
    """What all cases share: a classifier, trained generators, factuals and their answers."""

    @cached_property
    def mlmodel(self) -> Formula:
        """The classifier."""
        return classifier()

    @cached_property
    def methods(self) -> dict[str, GenRe]:
        """A trained generator for each rule of choosing."""
        expected = trained(self.mlmodel, selection="expected", n_samples=10)
        return {
            rule: expected.with_sampling(selection=rule, n_samples=10)
            for rule in ("validity", "cheapest", "expected")
        }

    @cached_property
    def factuals(self) -> pd.DataFrame:
        """Six denied people and two accepted ones."""
        rows = self.mlmodel.data.df
        accepted = rows[self.mlmodel.predict_proba(rows)[:, 1] > 0.5].head(2)
        return pd.concat([denied(self.mlmodel, 6), accepted]).drop(columns="approved")

    @cached_property
    def answers(self) -> dict[str, pd.DataFrame]:
        """Of each rule, to the factuals as they are."""
        return {rule: method.get_counterfactuals(self.factuals) for rule, method in self.methods.items()}


def hyperparameters(world: World, draw: Draw) -> str:
    """GenRe is built with odd options: it is refused, or answers as it should."""
    given: dict[str, Any] = {
        **ONE_STEP,
        "training": dict(ONE_STEP["training"]),
        "architecture": dict(ARCHITECTURE),
    }
    for _ in range(draw(st.integers(1, 3))):
        _change_one(given, declared(GenRe.OPTIONS), draw)
    method, outcome = result_or_error(lambda: GenRe(world.mlmodel, given))
    if method is None:
        return outcome
    return _answered(world, method)


def sampling(world: World, draw: Draw) -> str:
    """A trained GenRe is sampled otherwise."""
    names = ["temperature", "sigma", "n_samples", "selection", "gamma", "seed", "lambda_"]
    options = declared(GenRe.OPTIONS)
    changes = {
        name: _value(name, options[name], draw) for name in draw(st.lists(st.sampled_from(names), max_size=3))
    }
    start = world.methods[draw(st.sampled_from(list(world.methods)))]
    method, outcome = result_or_error(lambda: start.with_sampling(**changes))
    return outcome if method is None else _answered(world, method)


def factuals(world: World, draw: Draw) -> str:
    """Odd frames are asked about; rows that are as they were are answered as they were."""
    rule = draw(st.sampled_from(("validity", "validity", "cheapest", "expected")))
    given = changed_frame(world.factuals, draw)
    before = given.copy(deep=True) if isinstance(given, pd.DataFrame) else None
    answers, outcome = result_or_error(lambda: world.methods[rule].get_counterfactuals(given))
    if before is not None:
        assert unchanged(given, before), "the caller's frame was changed"
    if answers is None:
        return outcome
    check_answers(world.mlmodel, given, answers)
    columns = list(world.mlmodel.feature_input_order)
    # bit for bit: a cell of -0.0 that is kept is not one of 0.0
    if numbers(given[columns]).tobytes() == numbers(world.factuals[columns]).tobytes():
        numeric = (
            ~given[columns].map(lambda cell: isinstance(cell, str)).any(axis=1).to_numpy()
        )  # "1" is no level
        own = world.answers[rule][numeric]
        assert same(answers[numeric], own), "the same people are answered otherwise"
    return "right"


class OddFormula(Formula):
    """h whose answers are changed on their way out, from when it is said."""

    change: Callable[[np.ndarray], Any] | None = None

    def predict_proba(self, x: Any) -> Any:
        """As the formula has them, then changed."""
        plain = super().predict_proba(x)
        return plain if self.change is None else self.change(plain)


def _where(condition: Callable[[np.ndarray], np.ndarray], value: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda p: np.where(condition(p[:, 1])[:, None], value, p)


_OUTPUTS: Mapping[str, Callable[[np.ndarray], Any]] = {
    "one column": lambda p: p[:, 1:],
    "no column": lambda p: p[:, 1],
    "three columns": lambda p: np.column_stack([p, p[:, 0]]),
    "transposed": lambda p: p.T,
    "a row less": lambda p: p[1:],
    "no row": lambda p: p[:0],
    "a list": lambda p: p.tolist(),
    "a tensor": torch.from_numpy,
    "a tensor with a gradient": lambda p: torch.from_numpy(p).requires_grad_(),
    "a frame": pd.DataFrame,
    "single precision": lambda p: p.astype(np.float32),
    "half precision": lambda p: p.astype(np.float16),
    "objects": lambda p: p.astype(object),
    "texts": lambda p: p.astype(str),
    "words": lambda p: np.full(p.shape, "yes"),
    "labels": lambda p: p > 0.5,
    "complex": lambda p: p.astype(complex),
    "masked": lambda p: np.ma.masked_array(p, mask=p > 0.9),
    "None": lambda p: None,
    "a number": lambda p: 0.7,
    "a generator": iter,
    "logits": lambda p: np.log(p) - np.log(1 - p),
    "percent": lambda p: 100 * p,
    "NaN in part": _where(lambda h: (1000 * h).astype(int) % 3 == 0, np.nan),
    "NaN for the accepted": _where(lambda h: h > 0.6, np.nan),
    "NaN": lambda p: np.full(p.shape, np.nan),
    "infinite": _where(lambda h: h > 0.9, np.inf),
    "rounding": lambda p: p + 1e-7 * (p > 0.9),
    "all denied": lambda p: np.column_stack([np.ones(len(p)), np.zeros(len(p))]),
    "all accepted": lambda p: np.column_stack([np.zeros(len(p)), np.ones(len(p))]),
    "undecided": lambda p: np.full(p.shape, 0.5),
    "the classes swapped": lambda p: p[:, ::-1],
    "read-only": lambda p: np.broadcast_to(p, p.shape),
}
_ORDERS: Mapping[str, Callable[[list[str]], Any]] = {
    "as it is": lambda names: names,
    "backwards": lambda names: names[::-1],
    "one less": lambda names: names[1:],
    "one twice": lambda names: [*names, names[0]],
    "one unknown": lambda names: [*names, "unknown"],
    "none": lambda names: [],
    "None": lambda names: None,
    "a text": lambda names: "income",
}


def classifiers(world: World, draw: Draw) -> str:
    """The classifier answers oddly, from the start or after the training; or what is given is no classifier."""
    if draw(st.integers(0, 9)) == 0:
        _, outcome = result_or_error(lambda: GenRe(draw(VALUES), ONE_STEP))
        assert outcome != "right", "what is no classifier was taken"
        return outcome
    order = _ORDERS[draw(st.sampled_from([*["as it is"] * 5, *_ORDERS]))]
    change = _OUTPUTS[draw(st.sampled_from(list(_OUTPUTS)))]

    class Odd(OddFormula):
        feature_input_order = property(lambda self: order(super().feature_input_order))

    mlmodel, late = Odd(world.mlmodel.data), draw(st.booleans())
    mlmodel.change = None if late else change
    rule = draw(st.sampled_from(("validity", "cheapest")))
    method, outcome = result_or_error(lambda: GenRe(mlmodel, {**ONE_STEP, "selection": rule}))
    if method is None:
        return outcome
    mlmodel.change = change
    answers, outcome = result_or_error(lambda: method.get_counterfactuals(world.factuals))
    if answers is not None:
        mlmodel.change = lambda p: np.asarray(_plain(change(p)), dtype=float)
        check_answers(mlmodel, world.factuals, answers)
    return outcome


def tables(world: World, draw: Draw) -> str:
    """Odd tables with odd roles are loaded: what is taken comes back from the encoding bit for bit."""
    table = changed_frame(applicants(draw(st.sampled_from((5, 20, 40, 60)))), draw)
    given: dict[str, Any] = {"target": "approved", **draw(st.sampled_from(({}, ROLES)))}
    for name in draw(st.lists(st.sampled_from(_ARGUMENTS), max_size=2)):
        given[name] = draw(_ROLE_VALUES)
    before = table.copy(deep=True) if isinstance(table, pd.DataFrame) else None
    data, outcome = result_or_error(lambda: load_dataset(table, quiet=True, **given))
    if before is not None:
        assert unchanged(table, before), "the caller's table was changed"
    if data is None:
        return outcome
    encoded = data.df.drop(columns=[name for name in data.categorical if name in data.df])
    assert np.isfinite(encoded.to_numpy(dtype=float)).all(), "an encoded table has gaps"
    assert set(data.df[data.target]) == {0, 1}, "labels are not 0 and 1"
    assert min(len(data.df_train), len(data.df_test)) > 0, "no rows on one side"
    features = [*data.continuous, *data.categorical]
    assert features
    assert data.target not in features
    if isinstance(table, pd.DataFrame) and "test" not in given:
        back = data.inverse_transform(data.df)
        for name in features:
            # numbers that are written as text come back as numbers
            text = name in data.continuous and not pd.api.types.is_numeric_dtype(table[name])
            own = pd.to_numeric(table[name]) if text else table[name]
            typed = table[name].dtype != object and not text
            pd.testing.assert_series_equal(back[name], own, check_exact=True, check_dtype=typed)
    return "right"


_ARGUMENTS = (
    *("target", "positive", "categorical", "continuous", "immutables", "increasing", "decreasing", "ranges"),
    *("ignore", "test", "test_size", "seed", "roles", "encoding_method", "scaling_method"),
)
_ROLE_VALUES: st.SearchStrategy[Any] = st.one_of(
    VALUES,
    st.sampled_from(_FEATURES),
    st.lists(st.sampled_from((*_FEATURES, "approved", "nobody")), max_size=3),
    st.dictionaries(st.sampled_from((*_FEATURES, "nobody")), st.tuples(VALUES, VALUES) | VALUES, max_size=2),
    st.sampled_from((0.5, 0.25, 0.999, "OneHot", "Identity", "Standard", "MinMax", "paper", 0, 7)),
)


def _answered(world: World, method: GenRe) -> str:
    """What a method says to the factuals."""
    answers, outcome = result_or_error(lambda: method.get_counterfactuals(world.factuals))
    if answers is not None:
        check_answers(world.mlmodel, world.factuals, answers)
    return outcome


def _change_one(given: dict[str, Any], options: Mapping[str, Option], draw: Draw) -> None:
    """Give one option, of a group or not, an odd value or one that it may have; or one that there is not."""
    name = draw(st.sampled_from([*options, "no_such_option"]))
    group = options[name].group if name in options else None
    if name == "no_such_option":
        given[draw(st.sampled_from((name, 1, None, ("seed",))))] = draw(VALUES)
    elif group is not None and draw(st.integers(0, 4)):
        inner = given.get(name)
        given[name] = inner = dict(inner) if isinstance(inner, Mapping) else {}
        _change_one(inner, group, draw)
    elif name == "constraints":
        given[name] = draw(_CONSTRAINTS)
    elif name not in ("preset", "device", "distil", "risk", "checkpoint"):
        given[name] = _value(name, options[name], draw)
    else:
        given[name] = draw(VALUES.filter(lambda value: value is not True))


_CONSTRAINTS = VALUES | st.dictionaries(
    st.sampled_from((*_FEATURES, "nobody", "owner_yes")),
    VALUES
    | st.fixed_dictionaries(
        {},
        optional={
            "direction": st.sampled_from(("increase", "decrease", "up", None, 1)),
            "range": st.tuples(VALUES, VALUES) | st.tuples(st.floats(0, 60), st.floats(0, 60)) | VALUES,
            "immutable": st.booleans() | VALUES,
        },
    ),
    max_size=3,
)


def _value(name: str, option: Option, draw: Draw) -> Any:
    """Of an option: one of its values, a small number, or something odd."""
    usual: list[st.SearchStrategy[Any]] = [st.integers(0, 20), st.floats(0, 2)]
    if isinstance(option.allowed, tuple):
        usual = [st.sampled_from(option.allowed)]
    odd = VALUES
    if name in _DURATIONS:
        odd = VALUES.filter(lambda value: not isinstance(value, (int, float, np.number)) or not value > 20)
    return draw(st.one_of(*usual, odd))


def _plain(output: Any) -> Any:
    return output.detach() if hasattr(output, "detach") else output
