"""Symptoms of CLUE, FeatureTweak and CausalRecourse, as in method_symptoms.py; run as a script it prints them."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

FOLDER = Path(tempfile.mkdtemp())
os.environ["CF_MODELS"] = str(FOLDER)
sys.modules["causalgraphicalmodels"] = None  # type: ignore[assignment] # absent, whether or not it is installed

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import torch  # noqa: E402
from people import ROLES, people  # noqa: E402
from sklearn.tree import DecisionTreeClassifier  # noqa: E402
from toy_classifier import COLUMNS, HEAD, Toy  # noqa: E402

import carla_genre  # noqa: E402, F401 (before carla)
from carla_genre.carla_compat import registry  # noqa: E402
from carla_genre.errors import InputError  # noqa: E402

from carla.data.catalog import CsvCatalog  # isort: skip # noqa: E402
from carla.data.causal_model import CausalModel  # noqa: E402
from carla.models.catalog import MLModelCatalog, parse_xgboost  # noqa: E402
from carla.recourse_methods import CausalRecourse, Clue, FeatureTweak  # noqa: E402
from carla.recourse_methods.catalog.causal_recourse import constraints, samplers  # noqa: E402

CLUE = {"width": 4, "depth": 1, "latent_dim": 2, "epochs": 1, "batch_size": 30}


def toy() -> Toy:
    model = Toy()
    model.data.df_train = model.data.df_test = model.data.df
    return model


def one_column_a_feature() -> Toy:
    """The toy without its category of three levels, which CLUE does not take without a repair."""
    model = toy()
    model.feature_input_order = COLUMNS[:3]
    model.data.categorical = ["sex"]
    score = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Softmax(dim=-1))
    torch.nn.init.constant_(score[0].weight, 0.0)
    score[0].weight.data[1, 0] = 8.0
    score[0].bias.data = torch.tensor([4.0, 0.0])
    model._probabilities = score.requires_grad_(False)
    return model


def clue(model: Toy, **settings: object) -> Clue:
    torch.manual_seed(0)
    return Clue(model.data, model, {"data_name": "toy", **CLUE, **settings})


def clue_shares_one_file():
    model = one_column_a_feature()
    for name in ("first", "second"):
        clue(model, data_name=name)
    if len(list(FOLDER.rglob("theta_best.dat"))) < 2:
        return True
    try:
        clue(model, data_name="absent", train_vae=False)
    except InputError as error:
        return "train_vae" not in str(error)
    return True


def clue_counts_features_not_columns():
    try:
        return len(clue(toy())._input_dimension) != len(COLUMNS)
    except (IndexError, RuntimeError):
        return True


def clue_leaves_categories_between_levels():
    model = one_column_a_feature()
    model._probabilities[0].weight[1, 0], model._probabilities[0].bias[0] = -8.0, 0.8  # accepts low pay
    factual = pd.DataFrame([[0.0, 0.5, 1.0]], columns=COLUMNS[:3])
    found = clue(model).get_counterfactuals(factual).dropna()
    return not (len(found) == 1 and found["sex_m"].isin([0, 1]).all())


def clue_fails_on_a_batch_of_one_row():
    model = one_column_a_feature()
    try:
        clue(model, batch_size=16)  # 65 rows
    except ValueError:
        return True
    return False


def tree_methods_have_no_defaults():
    if HEAD:
        return None
    try:
        return FeatureTweak(forest("sklearn"))._DEFAULT_HYPERPARAMS != {"eps": 0.1}
    except TypeError:
        return True


def forest(backend: str) -> MLModelCatalog:
    """A forest on people of whom most are accepted."""
    table = people()
    table["y"] = (table["age"] > 30).astype(int)
    table.to_csv(FOLDER / "people.csv", index=False)
    data = CsvCatalog(str(FOLDER / "people.csv"), **ROLES)
    model = MLModelCatalog(data, "forest", backend=backend, load_online=False)
    model.train(n_estimators=3, max_depth=3, force_train=True)
    return model


def xgboost_nodes_are_misread():
    try:
        read = parse_xgboost._parse_node("3:[x1<1e-05] yes=5,no=6,missing=6")
    except ValueError:
        return True
    leaf = parse_xgboost._parse_node("5:leaf=-1.5e-06")
    return read != (3, 1e-05, "x1", 5, 6, None) or leaf[0] != 5 or not np.isclose(leaf[5], 0.5, atol=1e-5)


def xgboost_trees_vote_with_the_forest():
    model = forest("xgboost")
    trees = model.tree_iterator
    leaves = np.concatenate([parse_xgboost.parse_booster(tree)[4] for tree in trees])
    import xgboost

    rows = model.get_ordered_features(model.data.df).to_numpy()
    matrix = xgboost.DMatrix(rows, feature_names=list(model.feature_input_order))
    told = np.concatenate([tree.predict(matrix) for tree in trees])
    nearest = np.abs(told[:, None] - leaves[np.isfinite(leaves)]).min(axis=1)
    return bool(nearest.max() > 1e-3)


class Stumps(MLModelCatalog):
    """A forest of three trees, each with one question about one number, of which two must agree."""

    model_type, backend, feature_input_order = "forest", "sklearn", ["x"]

    def __init__(self) -> None:
        rows = np.linspace(0, 1, 101)[:, None]
        self.trees = [DecisionTreeClassifier().fit(rows, rows[:, 0] > edge) for edge in (0.305, 0.605, 0.905)]
        self._data = type(
            "Data", (), {"target": "y", "continuous": ["x"], "categorical": [], "immutables": []}
        )

    data = property(lambda self: self._data)
    tree_iterator = property(lambda self: self.trees)

    def get_ordered_features(self, x):
        return x[["x"]] if isinstance(x, pd.DataFrame) else x

    def predict(self, x):
        return np.argmax(self.predict_proba(x), axis=1)

    def predict_proba(self, x):
        good = np.mean([tree.predict(np.asarray(x)) for tree in self.trees], axis=0)
        return np.column_stack([1 - good, good])


def feature_tweak_asks_one_tree_only():
    found = FeatureTweak(Stumps(), {"eps": 0.01}).get_counterfactuals(pd.DataFrame({"x": [0.1], "y": [0]}))
    return not np.allclose(found.to_numpy(), 0.615)  # the cheapest that two of three trees accept


class Sum(MLModelCatalog):
    """Accepts whose three variables sum to more than 1."""

    backend, feature_input_order = "pytorch", ["x1", "x2", "x3"]

    def __init__(self, data: object) -> None:
        self._data = data

    data = property(lambda self: self._data)

    def get_ordered_features(self, x):
        return x[self.feature_input_order]

    def predict_proba(self, x):
        good = 1 / (1 + np.exp(1 - np.asarray(x, dtype=float).sum(axis=1)))
        return np.column_stack([1 - good, good])

    def predict(self, x):
        return self.predict_proba(x)[:, 1].reshape(-1, 1)


def causal(seed: int = 0) -> tuple[CausalModel, Sum]:
    np.random.seed(seed)
    scm = CausalModel("sanity-3-lin")
    return scm, Sum(scm.generate_dataset(200))


def causalgraphicalmodels_is_absent():
    try:
        scm, _ = causal()
    except ImportError:
        return True
    parents = {node: scm.get_parents(node) for node in scm.endogenous}
    descendants = scm.get_descendents("x1"), scm.get_non_descendents("x2")
    return parents != {"x1": [], "x2": ["x1"], "x3": ["x1", "x2"]} or descendants != ({"x2", "x3"}, {"x1"})


def causal_recourse_has_no_defaults():
    scm, model = causal()
    try:
        CausalRecourse(model, {"scm": scm})
    except KeyError:
        return True
    for wrong in (None, {}, {"scm": "foo"}, {"scm": scm, "optimization_approach": "gradient_descent"}):
        try:
            CausalRecourse(model, wrong)
        except InputError as error:
            if "brute_force" not in str(error) and "GrowingSpheres" not in str(error):
                return True
        except (AttributeError, KeyError, TypeError, ValueError):  # CARLA's own, which name no alternative
            return True
        else:
            return True
    return False


def causal_recourse_adds_what_it_sets():
    scm, model = causal()
    settings = {"optimization_approach": "brute_force", "num_samples": 1, "scm": scm}
    settings |= {"constraint_handle": constraints.point_constraint, "sampler_handle": samplers.sample_true_m0}
    factual = pd.DataFrame([[0.0, 0.0, 0.0, 0.0]], columns=["label", "x1", "x2", "x3"], index=["p"])
    found = CausalRecourse(model, settings).get_counterfactuals(factual)
    if list(found.columns) != model.feature_input_order or not (model.predict(found) > 0.5).all():
        return True
    x1, x2, x3 = found.iloc[0]
    # the noise of this factual is 0: what is not set follows from its parents by the structural equations
    follows = [np.isclose(x2, -x1), np.isclose(x3, 0.05 * x1 + 0.25 * x2)]
    return not any(follows)


SYMPTOMS = [
    clue_shares_one_file,
    clue_counts_features_not_columns,
    clue_leaves_categories_between_levels,
    clue_fails_on_a_batch_of_one_row,
    tree_methods_have_no_defaults,
    xgboost_nodes_are_misread,
    xgboost_trees_vote_with_the_forest,
    feature_tweak_asks_one_tree_only,
    causalgraphicalmodels_is_absent,
    causal_recourse_has_no_defaults,
    causal_recourse_adds_what_it_sets,
]
NAMES = [symptom.__name__ for symptom in SYMPTOMS]


def main() -> None:
    found = {}
    for symptom in SYMPTOMS:
        try:
            found[symptom.__name__] = symptom()
        except Exception as error:  # said, not hidden: a test compares with True, False and None
            found[symptom.__name__] = f"{type(error).__name__}: {error}"
    print(json.dumps({"symptoms": found, "applied": list(registry.applied()), "head": HEAD}, default=bool))


if __name__ == "__main__":
    main()
