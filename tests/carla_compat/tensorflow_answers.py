"""Symptoms in what CEM and FOCUS answer, each a function with the name of a repair, as in tensorflow_symptoms.py."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import tensorflow as tf
from tensorflow_symptoms import DATA, FOCUS_SETTINGS, linear, rows_to_explain, trained

import carla_genre  # noqa: F401 (before carla)

from carla.models.catalog import MLModelCatalog
from carla.recourse_methods.catalog.cem import CEM
from carla.recourse_methods.catalog.focus import FOCUS


@contextlib.contextmanager
def cem_of_a_line(**settings: object) -> Iterator[tuple[CEM, MLModelCatalog]]:
    """CEM for a linear classifier, with an autoencoder that is not trained."""
    from carla.recourse_methods.catalog.cem import model as cem

    model = linear()
    weights = np.zeros((6, 2), dtype="float32")
    weights[:, 1] = 0.6
    model._model.set_weights([weights, np.array([1.0, 0.0], dtype="float32")])
    autoencoder = tf.keras.Sequential([tf.keras.layers.Input((6,)), tf.keras.layers.Dense(6)])
    cem.train_autoencoder = lambda *args, **options: autoencoder
    hyperparams = {**CEM._DEFAULT_HYPERPARAMS, "data_name": "people", "max_iterations": 60}
    hyperparams |= {"binary_search_steps": 3, "beta": 0.01, **settings}
    hyperparams["ae_params"] = {"hidden_layer": [4], "train_ae": True, "epochs": 1}
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        yield CEM(session, model, hyperparams), model


def explained_by_cem(**settings: object) -> tuple[np.ndarray, MLModelCatalog]:
    with cem_of_a_line(**settings) as (method, model):
        return method._counterfactual_search(np.full(6, 0.2)), model


def cem_steps_in_any_order() -> bool:
    with cem_of_a_line() as (method, _):
        return method._adv_updater_s.op not in method._adv_updater.op.control_inputs


def cem_answers_failures_with_zeros() -> bool:
    found, _ = explained_by_cem(init_learning_rate=1e-9)
    return not np.isnan(found).all()


def cem_leaves_categories_between_levels() -> bool:
    found, model = explained_by_cem()
    categories = [c not in DATA.continuous for c in model.feature_input_order]
    return not (np.isfinite(found).all() and np.isin(found[categories], [0, 1]).all())


def focus_answers_failures_with_zeros() -> bool:
    method = FOCUS(trained("forest", "sklearn"), {**FOCUS_SETTINGS, "lr": 1e-9, "n_iter": 1})
    found: list[np.ndarray] = []
    method._mlmodel = Asked(method._mlmodel, found)
    method.get_counterfactuals(rows_to_explain(2))
    return any((rows == 0).all(axis=1).any() for rows in found)


class Asked:
    """A classifier that keeps what it is asked for probabilities of."""

    def __init__(self, model: MLModelCatalog, rows: list[np.ndarray]) -> None:
        self._model, self._rows = model, rows

    def __getattr__(self, name: str) -> object:
        return getattr(self.__dict__["_model"], name)

    def predict_proba(self, rows: object) -> np.ndarray:
        self._rows.append(np.asarray(rows))
        return self._model.predict_proba(rows)


def focus_remembers_the_last_people() -> bool:
    method = FOCUS(trained("forest", "sklearn"), dict(FOCUS_SETTINGS))
    factuals = DATA.df_test[DATA.df_test["y"] == 0].head(3)
    first, second = (method.get_counterfactuals(factuals) for _ in range(2))
    return not first.equals(second)


def focus_answers_hang_on_who_else_asks() -> bool:
    method = FOCUS(trained("forest", "sklearn"), {**FOCUS_SETTINGS, "lr": 0.05})
    factuals = DATA.df_test[DATA.df_test["y"] == 0].head(5)
    together = method.get_counterfactuals(factuals).to_numpy()
    alone = np.concatenate([method.get_counterfactuals(factuals.iloc[[row]]).to_numpy() for row in range(5)])
    assert np.isfinite(together).any()
    return not np.array_equal(together, alone, equal_nan=True)


#: Of methods that run at all, which takes the other repairs.
OF_ANSWERS = [
    cem_answers_failures_with_zeros,
    cem_leaves_categories_between_levels,
    cem_steps_in_any_order,
    focus_answers_failures_with_zeros,
    focus_answers_hang_on_who_else_asks,
    focus_remembers_the_last_people,
]
