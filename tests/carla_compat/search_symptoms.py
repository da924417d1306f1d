"""The symptoms that carla_compat repairs in Wachter, GrowingSpheres, FACE and DiCE; see method_symptoms.py."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
from toy_classifier import COLUMNS, LABELS, Toy, denied, numbers_only, one_level_each

import carla_genre  # noqa: F401 (before carla)

from carla.recourse_methods import Dice, Face, GrowingSpheres, Wachter
from carla.recourse_methods.catalog.face.library import face_method
from carla.recourse_methods.catalog.growing_spheres.library import growing_spheres_search


def wachter_indexes_with_a_float():
    model = Toy()
    try:
        found = Wachter(model, {"loss_type": "BCE", "t_max_min": 0.02}).get_counterfactuals(denied(model))
    except IndexError:
        return True
    return bool(found.isna().any().any())


def growing_spheres_never_gives_up():
    calls = []

    class Stubborn:
        def predict_proba(self, x):
            calls.append(len(x))
            if len(calls) > 20:
                raise TimeoutError
            return np.tile([1.0, 0.0], (len(x), 1))

    factual = pd.Series({"pay": 0.0})
    try:
        found = growing_spheres_search(
            factual, ["pay"], [], ["pay"], [], ["pay"], Stubborn(), n_search_samples=5, max_iter=3
        )
    except TimeoutError:
        return True
    return not (np.isnan(found).all() and len(calls) <= 5)


def growing_spheres_draws_columns_apart():
    np.random.seed(0)
    model = Toy()
    return not one_level_each(GrowingSpheres(model).get_counterfactuals(denied(model)))


def growing_spheres_depends_on_hash_seed():
    names = [f"x{number}" for number in range(60)]
    seen = []

    def predict_proba(x):
        seen.append(x)
        return np.tile([1.0, 0.0], (len(x), 1)) if len(seen) < 2 else np.tile([0.0, 1.0], (len(x), 1))

    model = SimpleNamespace(predict_proba=predict_proba)
    np.random.seed(0)
    growing_spheres_search(
        pd.Series(0.0, index=names), names, [], names, [], names, model, n_search_samples=3
    )
    np.random.seed(0)
    drawn = np.random.randn(3, len(names))
    return not (np.argsort(seen[1], axis=1) == np.argsort(drawn, axis=1)).all()


def face_starts_from_another_row():
    seen = []
    data = pd.DataFrame({"x": np.arange(200.0), "y": 1.0})
    model = SimpleNamespace(predict_proba=lambda x: np.tile([0.0, 1.0], (len(x), 1)))
    original = face_method.find_counterfactuals

    def spy(candidates, data, matrix1, matrix2, index, *args, **kwargs):
        seen.append(data["x"].to_numpy()[index])
        return original(candidates, data, matrix1, matrix2, index, *args, **kwargs)

    face_method.find_counterfactuals = spy
    try:
        np.random.seed(0)
        face_method.graph_search(data, 3, ["y"], model, n_neighbors=5, frac=0.2)
    finally:
        face_method.find_counterfactuals = original
    return set(seen) != {3.0}


def nearest_of_two_groups(immutable, own=None):
    """FACE's answer for the first of 100 rows; the others are accepted, every second one has its `immutable`."""
    data = pd.DataFrame({"x": np.arange(100.0), "fixed": np.tile([immutable, 0.5], 50)})
    data.loc[0, "fixed"] = immutable if own is None else own
    model = SimpleNamespace(predict_proba=lambda x: np.column_stack([x[:, 0] < 1, x[:, 0] >= 1]) * 1.0)
    return face_method.graph_search(data, 0, ["fixed"], model, n_neighbors=5, frac=0.99)


def face_links_only_ones():
    return any(list(nearest_of_two_groups(value)) != [2.0, value] for value in (0.0, 0.3, 1.0))


def face_answers_what_it_cannot_reach():
    return not np.isnan(nearest_of_two_groups(0.0, own=0.25)).all()


def face_needs_an_immutable():
    data = pd.DataFrame({"x": np.arange(100.0)})
    model = SimpleNamespace(
        predict_proba=lambda x: np.column_stack([x[:, 0] < 2, x[:, 0] >= 2]).astype(float)
    )
    try:
        found = face_method.graph_search(data, 0, [], model, n_neighbors=5, frac=0.9)
    except UnboundLocalError:
        return True
    return not found[0] >= 2


def face_needs_many_rows():
    for rows in (1, 2, 7, 48, 60):
        model = Toy()
        model._data.df = model.data.df.head(rows)
        for mode, fraction in (("knn", 0.1), ("knn", 0.99), ("epsilon", 0.01), ("epsilon", 0.99)):
            try:
                found = Face(model, {"mode": mode, "fraction": fraction}).get_counterfactuals(denied(Toy()))
            except ValueError:  # of scikit-learn or numpy
                return True
            if len(found) != len(LABELS):
                return "rows were lost"
    return False


def dice_writes_text_into_numbers():
    model = Toy()
    rows = denied(model)
    try:
        found = Dice(model, {"posthoc_sparsity_param": 0}).get_counterfactuals(rows)
    except TypeError:
        return True
    return len(found) != len(rows)


def dice_loses_rows_without_answer():
    model = Toy()
    method = Dice(model, {})
    rows = denied(model)
    answer = pd.DataFrame([[0.9, 0.5, 0, 1, 0, 0, 1]], columns=[*COLUMNS, "good"])
    frames = [None, answer, None, None]
    method._dice = SimpleNamespace(
        generate_counterfactuals=lambda queries, **kwargs: SimpleNamespace(
            cf_examples_list=[SimpleNamespace(final_cfs_df=frame) for frame in frames]
        )
    )
    found = method.get_counterfactuals(rows)
    return list(found.index) != LABELS or list(found["pay"].notna()) != [False, True, False, False]


def dice_asks_for_columns_the_classifier_lacks():
    model = numbers_only()
    rows = model.data.df[model.data.df["pay"] < 0.2].head(2)
    try:
        found = Dice(model, {"posthoc_sparsity_param": 0}).get_counterfactuals(rows)
    except KeyError:
        return True
    return list(found.columns) != COLUMNS[:2]
