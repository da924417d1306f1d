"""FeatureTweak and FOCUS, which read the trees of forests."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

from carla_genre.carla_compat.registry import around, repair

#: What the repository's head takes where nothing else is given.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "FeatureTweak": {"eps": 0.1},
    "FOCUS": {
        "optimizer": "adam",
        "lr": 0.001,
        "n_class": 2,
        "n_iter": 1000,
        "sigma": 1.0,
        "temperature": 1.0,
        "distance_weight": 0.01,
        "distance_func": "l1",
    },
}
_NODE = re.compile(r"\s*(\d+):\[(.*)<([^<\]]+)\] yes=(\d+),no=(\d+)")
_LEAF = re.compile(r"\s*(\d+):leaf=([^,\s]+)")


@repair("carla.recourse_methods.catalog.feature_tweak.model", "carla.recourse_methods.catalog.focus.model")
def tree_methods_have_no_defaults(module: ModuleType) -> bool:
    """FeatureTweak and FOCUS fail without hyperparameters in the release: they get those of the head."""
    name = "FOCUS" if "focus" in module.__name__ else "FeatureTweak"
    method = getattr(module, name)
    if hasattr(method, "_DEFAULT_HYPERPARAMS"):
        return False
    from carla.recourse_methods.processing import counterfactuals

    method._DEFAULT_HYPERPARAMS = _DEFAULTS[name]

    @around(method, "__init__")
    def __init__(
        build: Any, self: Any, mlmodel: Any, hyperparams: Any = None, *args: Any, **kwargs: Any
    ) -> None:
        # asked of the module: its repair (no default is shared, unknown names are told) is in place by now
        settings = counterfactuals.merge_default_parameters(hyperparams, method._DEFAULT_HYPERPARAMS)
        build(self, mlmodel, settings, *args, **kwargs)

    return True


@repair("carla.recourse_methods.catalog.feature_tweak.model")
def feature_tweak_asks_one_tree_only(module: ModuleType) -> bool:
    """FeatureTweak keeps the cheapest change of one tree's mind, whatever the forest says: the forest must accept it.

    As in Tolomei et al. 2017, algorithm 1: of the positive paths of the trees that deny x, the cheapest
    epsilon-satisfactory instance that the whole forest accepts.
    """
    import numpy as np

    def feature_tweaking(self: Any, x: Any, class_labels: list[int], cf_label: int) -> Any:
        """The cheapest accepted instance, x itself where there is none."""
        candidates = [
            self.esatisfactory_instance(x, path)
            for tree in self.model.tree_iterator
            if _votes(module, tree, x, self.model.feature_input_order) != cf_label
            for path in module.search_path(tree, class_labels).values()
        ]
        if not candidates:
            return x.copy()
        accepted = np.argmax(np.asarray(self.model.predict_proba(np.array(candidates))), axis=1) == cf_label
        costs = [self.cost_func(x, candidate) for candidate in candidates]
        best = int(np.argmin(np.where(accepted, costs, np.inf)))
        return candidates[best] if accepted[best] else x.copy()

    feature_tweaking.__doc__ = module.FeatureTweak.feature_tweaking.__doc__
    module.FeatureTweak.feature_tweaking = feature_tweaking
    return True


def _votes(module: ModuleType, tree: Any, x: Any, names: Any) -> int:
    """The class that one tree gives a row."""
    row = x.reshape(1, -1)
    if not isinstance(tree, module.xgboost.core.Booster):
        return int(tree.predict(row)[0])
    rows = module.xgboost.DMatrix(row, feature_names=list(names))
    return int(tree.predict(rows)[0] > 0.5)


@repair("carla.models.catalog.parse_xgboost")
def xgboost_nodes_are_misread(module: ModuleType) -> bool:
    """Digits in a feature's name, as in "x1", and numbers like `1e-05` break CARLA's reading of xgboost's trees."""
    leaf, nowhere = module.TREE_LEAF, module.TREE_UNDEFINED

    def _parse_node(node: str) -> tuple[Any, ...]:
        """Number, threshold, feature, left and right child and score of one line of a tree's dump."""
        split = _NODE.match(node)
        if split is not None:
            number, feature, threshold, left, right = split.groups()
            return int(number), float(threshold), feature, int(left), int(right), None
        end = _LEAF.match(node)
        if end is None:
            raise ValueError(f"not a node of an xgboost tree: {node!r}")
        return int(end[1]), nowhere, nowhere, leaf, leaf, module.logistic_function(float(end[2]))

    module._parse_node = _parse_node  # type: ignore[attr-defined]
    return True


@repair("carla.models.catalog.catalog")
def xgboost_trees_vote_with_the_forest(module: ModuleType) -> bool:
    """Each tree of xgboost 2 starts at the share of positive labels, so that all may vote alike: trees start at `0.5`.

    FeatureTweak looks for trees that deny, and both methods take a leaf's sign for its class. The forest itself stays
    as it is. Its trees are also taken apart once, not at each step of FOCUS.
    """
    catalog = module.MLModelCatalog
    original = catalog.tree_iterator.fget

    def tree_iterator(self: Any) -> Any:
        if self.backend != "xgboost" or self.model_type != "forest":
            return original(self)
        known = self.__dict__.get("_carla_genre_trees")
        if known is None or known[0] is not self.raw_model:
            trees = [_starting_at_a_half(tree) for tree in original(self)]
            known = self.__dict__["_carla_genre_trees"] = (self.raw_model, trees)
        return known[1]

    tree_iterator.__doc__ = original.__doc__
    catalog.tree_iterator = property(tree_iterator)
    return True


def _starting_at_a_half(tree: Any) -> Any:
    """The same tree with nothing added to its leaves; xgboost heeds a base score only in a model that it loads."""
    import json

    state = json.loads(tree.save_raw("json"))
    parameters = state["learner"]["learner_model_param"]
    one_of_many = parameters["base_score"].startswith("[")  # xgboost 3.1: one a target
    parameters["base_score"] = "[5E-1]" if one_of_many else "5E-1"
    copy = type(tree)()
    copy.load_model(bytearray(json.dumps(state).encode()))
    copy.feature_names = tree.feature_names
    return copy
