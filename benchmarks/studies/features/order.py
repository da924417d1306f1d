"""The order in which GenRe writes the features of an answer: the file's against sorted, reversed and drawn ones.

python -m benchmarks.studies.features.order [--data compas adult heloc] [--seeds 0 1] [--root DIR] [--json FILE]

The schema that a method works on is given another order; data, classifier, judge and people stay. Answers are chosen by
the paper's rule.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_selection import mutual_info_classif

from benchmarks.command import command_parser
from carla_genre.harness.record import write
from carla_genre.methods.genre.method import GenRe
from carla_genre.protocol import prepare
from carla_genre.schema import Schema
from carla_genre.schema.training_rows import TrainingRows

ORDERS = ("file", "reversed", "drawn 0", "drawn 1", "informative first", "informative last", "few bins first")
# Rows that the mutual information with h's decision is estimated from.
ROWS = 3000
QUICK: Mapping[str, Any] = {"training": {"steps": 5, "batch_size": 16}}


def positions(order: str, rows: TrainingRows, schema: Schema) -> np.ndarray:
    """The places of the file's features in an order, int (D,).

    Parameters
    ----------
    order : str
        Of ``ORDERS``. "informative first" has the immutable ones first, since they are given, and then those with the
        most information about h's decision; "informative last" has the mutable ones the other way round.
    rows : TrainingRows
    schema : Schema
    """
    d = len(schema.features)
    if order == "file":
        return np.arange(d)
    if order == "reversed":
        return np.arange(d)[::-1]
    if order.startswith("drawn "):
        return np.random.default_rng(int(order.removeprefix("drawn "))).permutation(d)
    if order == "few bins first":
        key = np.array([len(np.unique(column)) for column in rows.values.T])
    else:
        part = slice(ROWS)
        information = mutual_info_classif(
            rows.values[part],
            rows.scores[part] > 0.5,
            discrete_features=schema.categorical,
            random_state=0,
        )
        key = -information if order == "informative first" else information
    return np.lexsort((key, ~schema.immutable))


class OrderedGenRe(GenRe):
    """GenRe that writes the features in another order.

    Parameters
    ----------
    mlmodel, hyperparams
        As :class:`GenRe` takes them.
    order : str
        Of ``ORDERS``.
    """

    def __init__(
        self, mlmodel: Any, hyperparams: Mapping[str, Any] | None = None, order: str = "file"
    ) -> None:
        self.order = order
        super().__init__(mlmodel, hyperparams)

    def _prepare(self) -> None:
        places = positions(self.order, self.training_rows, self.schema)
        self.schema = replace(self.schema, features=tuple(self.schema.features[place] for place in places))
        del self.__dict__["training_rows"]  # they are encoded in the old order
        super()._prepare()


def measure(
    data: str,
    seed: int,
    order: str,
    n_factuals: int,
    root: Path | None = None,
    cache: Path | None = None,
    quick: bool = False,
) -> dict[str, Any]:
    """One training of the default preset, and what its answers score."""
    rows = 300 if quick else None
    setting = prepare(data, seed=seed, n_factuals=n_factuals, root=root, rows=rows, cache=cache)
    start = time.process_time()
    given = {"selection": "validity", "seed": seed, "verbose": False, **(QUICK if quick else {})}
    method = OrderedGenRe(setting.mlmodel, given, order)
    seconds = time.process_time() - start
    scores = setting.score(method.get_counterfactuals(setting.factuals))
    return {
        "data": data,
        "seed": seed,
        "order": order,
        "score": scores.score,
        "val": scores.val,
        "lof": scores.lof,
        "cost_per_feature": scores.cost / scores.d,
        "loss": min(method.history.validation) if method.history else None,
        "train_cpu_s": seconds,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    shared = ("root", "cache", "data", "seeds", "quick")
    parser = command_parser("studies.features.order", __doc__, *shared)
    parser.set_defaults(data=["compas", "adult", "heloc"], seeds=[0, 1])
    parser.add_argument("--orders", nargs="+", choices=ORDERS, default=list(ORDERS))
    parser.add_argument("--factuals", type=int, default=200)
    parser.add_argument("--json", type=Path, help="file to write, again after each measurement")
    options = parser.parse_args(arguments)
    if options.quick:
        options.factuals = min(options.factuals, 20)
    settings = {name: value for name, value in vars(options).items() if name not in {"json", "root", "cache"}}
    rows = []
    for data in options.data:
        for seed in options.seeds:
            for order in options.orders:
                rows.append(
                    measure(data, seed, order, options.factuals, options.root, options.cache, options.quick)
                )
                print(f"{data}, seed {seed}, {order}: score {rows[-1]['score']:.3f}", file=sys.stderr)
                if options.json:
                    write(options.json, settings, {"orders": rows})


if __name__ == "__main__":
    main()
