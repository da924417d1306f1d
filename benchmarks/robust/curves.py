"""Ways to find gamma's threshold on h, beside the one that the true probabilities give: one record, one table.

python -m benchmarks.robust.curves --root FOLDER --json benchmarks/results/robust/curves.json

Seeds 5 to 8, on which the way was chosen. The true probability of a test row is the protocol's gold classifier's, from
which its label is drawn; no method sees it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.special import logit
from sklearn.ensemble import RandomForestClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from benchmarks.command import command_parser, exit_status
from benchmarks.paper.published import name_of
from carla_genre.blackbox import model_probability
from carla_genre.harness.markdown import markdown_table
from carla_genre.harness.record import write
from carla_genre.protocol import Setting, prepare
from carla_genre.protocol.cache import default_folder

SEEDS = (5, 6, 7, 8)
DATA, CLASSIFIERS = ("adult", "compas", "heloc"), ("ann", "forest", "boosting")
GAMMA, FEW = 0.7, 200


class Seen(NamedTuple):
    """Rows with h, labels and a smoother's probability of each, (n,): those of the training, and others."""

    h: np.ndarray
    labels: np.ndarray
    smooth: np.ndarray
    unseen_h: np.ndarray
    unseen_labels: np.ndarray


def isotonic(h: np.ndarray, outcome: np.ndarray) -> float:
    """The h above which an isotonic regression of ``outcome`` (n,) is above gamma."""
    return _least(h, IsotonicRegression().fit_transform(h, outcome))


def platt(h: np.ndarray, labels: np.ndarray) -> float:
    """The same by a logistic curve on the logit of h."""
    x = logit(np.clip(h, 1e-6, 1 - 1e-6))[:, None]
    return _least(h, LogisticRegression(C=1e4, max_iter=1000).fit(x, labels).predict_proba(x)[:, 1])


def few(rows: Seen) -> float:
    """Isotonic, on few rows that h has not seen."""
    random = np.random.default_rng(0)
    drawn = random.choice(len(rows.unseen_h), min(FEW, len(rows.unseen_h) // 2), replace=False)
    return isotonic(rows.unseen_h[drawn], rows.unseen_labels[drawn])


WAYS: Mapping[str, Callable[[Seen], float]] = {
    "h as it is": lambda rows: GAMMA,
    "isotonic, training rows": lambda rows: isotonic(rows.h, rows.labels),
    "Platt, training rows": lambda rows: platt(rows.h, rows.labels),
    "isotonic, labels smoothed out of bag": lambda rows: isotonic(rows.h, rows.smooth),
    "isotonic, all test rows": lambda rows: isotonic(rows.unseen_h, rows.unseen_labels),
    f"isotonic, {FEW} test rows": few,
}


def thresholds(setting: Setting) -> dict[str, float]:
    """The threshold of each way, and as ``truth`` the one of the true probabilities of the test rows."""
    data, columns = setting.data, list(setting.mlmodel.feature_input_order)
    train, test = data.df_train, data.df_test
    labels, unseen_labels = (part[data.target].to_numpy(dtype=int) for part in (train, test))
    h, unseen_h = (model_probability(setting.mlmodel, part) for part in (train, test))
    forest = RandomForestClassifier(min_samples_leaf=5, oob_score=True, random_state=0)
    out_of_bag = forest.fit(train[columns].to_numpy(dtype=float), labels).oob_decision_function_[:, 1]
    smooth = IsotonicRegression().fit_transform(out_of_bag, labels)
    rows = Seen(h, labels, smooth, unseen_h, unseen_labels)
    truth = isotonic(unseen_h, setting.gold.probability(test[columns]))
    return {"truth": truth, **{name: way(rows) for name, way in WAYS.items()}}


def _least(h: np.ndarray, probability: np.ndarray) -> float:
    return float(max(0.5, h[probability <= GAMMA].max(initial=0.5)))


def markdown(figures: Mapping[str, Any]) -> str:
    """A row for each data set and classifier: the truth, and how far from it each way is."""
    lines = []
    for name, of_data in figures.items():
        for classifier, found in of_data.items():
            truth = np.array(found["truth"])
            apart = [np.array(found[way]) - truth for way in WAYS]
            cells = [f"{one.mean():+.3f} ({np.abs(one).mean():.3f})" for one in apart]
            lines.append([name_of(name), classifier, f"{truth.mean():.3f}", *cells])
    return markdown_table(["data", "h", "threshold of the truth", *WAYS], lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all, write the record and print the table; the exit status."""
    parser = command_parser("robust.curves", __doc__, "root", "cache", "data", "seeds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the record; else nothing is written")
    options = parser.parse_args(arguments)
    return exit_status("robust.curves", lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    seeds, cache = options.seeds or SEEDS, str(options.cache or default_folder())
    figures: dict[str, dict[str, dict[str, list[float]]]] = {}
    for name in options.data or DATA:
        for classifier in CLASSIFIERS:
            found = [
                thresholds(prepare(name, seed, root=options.root, cache=cache, classifier=classifier))
                for seed in seeds
            ]
            of_way = {way: [round(one[way], 4) for one in found] for way in found[0]}
            figures.setdefault(name, {})[classifier] = of_way
    if options.json:
        write(options.json, {"seeds": list(seeds), "gamma": GAMMA}, figures)
    print(markdown(figures))


if __name__ == "__main__":
    sys.exit(main())
