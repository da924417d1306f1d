"""Abduction, action, prediction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from causal_cases import EQUATIONS, GIVEN, GRAPH, people

from carla_genre.causal import Causes, Equation
from carla_genre.causal.units import variables_of
from carla_genre.schema import Schema
from carla_genre.schema.feature import Feature

from causal_cases import catalog  # isort: skip

NAMES = ("income", "age", "owner", "savings", "debt")
PLAIN = Schema(
    tuple(Feature(name, (name,), ((0.0,), (1.0,)) if name == "owner" else None) for name in NAMES), NAMES
)


class Plain:
    """Numbers as they are."""

    scaler = encoder = None
    continuous, categorical = ["income", "age", "savings", "debt"], ["owner"]


def learnt(causes: Causes, rows: np.ndarray) -> Any:
    return causes.learn(variables_of(PLAIN, Plain), PLAIN.level_counts, rows, 0)


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    frame = people(500)[list(NAMES)]
    frame["owner"] = (frame["owner"] == "yes").astype(float)
    return frame.to_numpy(dtype=float)


def test_descendants_move_and_keep_their_noise(rows: np.ndarray) -> None:
    model, values = learnt(GIVEN, rows), rows[:50]
    actions = values.copy()
    actions[:, 0] += np.arange(50)
    states = model.states(values, actions, PLAIN)
    assert (states[0] == values[0]).all()  # who does nothing stays, bit for bit
    assert (states[:, [1, 2]] == values[:, [1, 2]]).all() and (states[:, 0] == actions[:, 0]).all()
    np.testing.assert_allclose(states[:, 3], values[:, 3] + 0.5 * np.arange(50), rtol=1e-12)
    np.testing.assert_allclose(states[:, 4], values[:, 4] - 0.8 * 0.5 * np.arange(50), rtol=1e-12)


def test_what_is_set_does_not_follow(rows: np.ndarray) -> None:
    model, values = learnt(GIVEN, rows), rows[:20]
    actions = values.copy()
    actions[:, 0] += 5.0
    actions[:, 3] += 1.0
    states = model.states(values, actions, PLAIN)
    assert (states[:, 3] == actions[:, 3]).all()
    np.testing.assert_allclose(states[:, 4], values[:, 4] - 0.8, rtol=1e-12)


def test_a_feature_that_nobody_can_set_moves_as_an_effect(rows: np.ndarray) -> None:
    model, values = learnt(Causes(GRAPH, EQUATIONS, passive="savings"), rows), rows[:20]
    wanted = values.copy()
    wanted[:, [0, 3]] += 10.0
    actions = model.actions(values, wanted)
    assert (actions[:, 3] == values[:, 3]).all() and (actions[:, 0] == wanted[:, 0]).all()
    np.testing.assert_allclose(model.states(values, actions, PLAIN)[:, 3], values[:, 3] + 5.0, rtol=1e-12)


def test_noise_that_is_not_added(rows: np.ndarray) -> None:
    times = Equation(
        value=lambda causes, noise: causes["income"] * noise,
        noise=lambda causes, cells: cells / causes["income"].to_numpy(),
    )
    model, values = learnt(Causes({"debt": ["income"]}, {"debt": times}), rows), rows[:20]
    actions = values.copy()
    actions[:, 0] *= 3.0
    np.testing.assert_allclose(model.states(values, actions, PLAIN)[:, 4], 3.0 * values[:, 4], rtol=1e-12)


def test_a_category_as_cause_and_as_effect(rows: np.ndarray) -> None:
    owns = Equation(
        value=lambda causes, noise: np.where(causes["income"] > 30, 1.0 - noise, noise),
        noise=lambda causes, cells: np.where(causes["income"] > 30, 1.0 - cells, cells),
    )
    causes = Causes(
        {"owner": ["income"], "debt": ["owner"]}, {"owner": owns, "debt": lambda c: 7.0 * (c["owner"] == 1.0)}
    )
    values = rows[(rows[:, 0] < 30) & (rows[:, 2] == 0)][:20]
    actions = values.copy()
    actions[:, 0] = 31.0
    states = learnt(causes, rows).states(values, actions, PLAIN)
    assert (states[:, 2] == 1.0).all()
    np.testing.assert_allclose(states[:, 4], values[:, 4] + 7.0, rtol=1e-12)


def test_a_state_that_breaks_a_constraint_is_none(rows: np.ndarray) -> None:
    def bound(**changes: Any) -> Schema:
        one = [
            Feature("savings", ("savings",), **changes) if f.name == "savings" else f for f in PLAIN.features
        ]
        return Schema(tuple(one), NAMES)

    model, values = learnt(GIVEN, rows), rows[:20]
    actions = values.copy()
    actions[::2, 0] += 10.0
    for schema in (bound(direction=-1), bound(immutable=True), bound(upper=-1e6, lower=-2e6)):
        states = model.states(values, actions, schema)
        assert np.isnan(states[::2]).all() and (states[1::2] == values[1::2]).all()
    assert np.isfinite(model.states(values, actions, bound(direction=1))).all()


def test_no_finite_number_is_no_state(rows: np.ndarray) -> None:
    causes = Causes({"savings": ["income"]}, {"savings": lambda c: np.log(30.0 - c["income"])})
    values = rows[rows[:, 0] < 25][:10]
    actions = values.copy()
    actions[::2, 0] = 40.0
    actions[1::2, 0] = 28.0
    states = learnt(causes, rows).states(values, actions, PLAIN)
    assert np.isnan(states[::2]).all() and np.isfinite(states[1::2]).all()


def test_a_fitted_model_is_near_the_true_one(rows: np.ndarray) -> None:
    fitted, values = learnt(Causes(GRAPH), rows), rows[:100]
    actions = values.copy()
    actions[:, 0] += 8.0
    states, true = (model.states(values, actions, PLAIN) for model in (fitted, learnt(GIVEN, rows)))
    assert np.abs(states - true).max() < 0.5  # the noise has a deviation of 5
    assert [one.kind for one in fitted.mechanisms] == ["linear", "linear"]


def step(x: np.ndarray) -> np.ndarray:
    return np.sign(x)


@pytest.mark.parametrize(
    "curve", [np.square, *(pytest.param(c, marks=pytest.mark.slow) for c in (np.sin, np.abs, step))]
)
def test_a_curve_is_fitted_by_what_fits(curve: Any) -> None:
    random = np.random.default_rng(0)
    rows = random.normal(0, 1, (1000, 5))
    rows[:, 2] = rows[:, 2] > 0
    rows[:, 3] = 2 * curve(rows[:, 0]) + rows[:, 2] + random.normal(0, 0.1, 1000)
    model, values = learnt(Causes({"savings": ["income", "owner"]}), rows), rows[:200]
    actions = values.copy()
    actions[:, 0] = random.permutation(values[:, 0])
    truth = values[:, 3] + 2 * (curve(actions[:, 0]) - curve(values[:, 0]))
    found = model.states(values, actions, PLAIN)[:, 3]
    assert np.quantile(np.abs(found - truth), 0.9) < 0.2


def test_single_equals_batched_and_the_same_seed_the_same_model(rows: np.ndarray) -> None:
    random = np.random.default_rng(0)
    curved = rows.copy()
    curved[:, 4] = np.sin(rows[:, 3] / 10) * 20 + random.normal(0, 1, len(rows))
    causes = Causes({**GRAPH, "income": ["owner"]})
    one, other = (learnt(causes, curved) for _ in range(2))
    values = curved[:40]
    actions = np.where(random.random(values.shape) < 0.4, curved[100:140], values)
    together = one.states(values, actions, PLAIN)
    assert (together == other.states(values, actions, PLAIN)).all()
    for row in range(40):
        assert (one.states(values[[row]], actions[[row]], PLAIN) == together[row]).all()
    many = one.states(values[:, None], np.repeat(actions[:, None], 3, axis=1), PLAIN)
    assert (many == together[:, None]).all()


def test_units_are_the_originals() -> None:
    data = catalog(encoding_method="OneHot_drop_binary")
    columns = tuple(column for column in data.df.columns if column != "approved")
    from carla_genre.schema.reading import read_features

    schema = Schema(read_features(data, columns, None), columns)
    variables = variables_of(schema, data)
    values = schema.encode(data.df)
    shown = variables.decode(values)
    raw = people()
    np.testing.assert_allclose(
        np.sort(shown["income"].to_numpy(dtype=float)), np.sort(raw["income"]), rtol=1e-9
    )
    assert shown["owner"].value_counts().to_dict() == raw["owner"].value_counts().to_dict()
    position = schema.names.index("debt")
    encoded = variables.encode(position, shown["debt"].to_numpy(dtype=float))
    np.testing.assert_allclose(encoded, values[:, position], rtol=1e-9, atol=1e-12)
    assert isinstance(shown, pd.DataFrame)
