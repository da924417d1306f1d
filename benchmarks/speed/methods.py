"""Seconds an answer of CARLA's Wachter, GrowingSpheres, Dice and CRUD beside GenRe's: the same h, the same people.

python -m benchmarks.speed.methods --root FOLDER --data compas

GenRe chooses by the paper's rule; `answer` has what its default takes instead. Training is not counted, neither
GenRe's, in full, nor that of CRUD's autoencoder, which is cut short: CRUD takes the same number of steps whatever it
has learnt.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any
from unittest.mock import patch

from benchmarks.speed.alternate import in_turn
from benchmarks.speed.command import finish, parse, timing_parser
from benchmarks.speed.settings import add_data, add_setting, setting
from carla_genre.methods.registry import build_method
from carla_genre.protocol import Setting

# Method -> hyperparameters that shorten its training and nothing else.
METHODS: Mapping[str, Mapping[str, Any]] = {
    "Wachter": {},
    "GrowingSpheres": {},
    "Dice": {},
    "CRUD": {"vae_params": {"epochs": 2}},
}


def measure(
    found: Setting, methods: Sequence[str], hyperparams: Mapping[str, Any], runs: int
) -> dict[str, dict[str, float]]:
    """A row a method, ``hyperparams`` being GenRe's; the seconds are those of one answer."""
    people = found.factuals[list(found.mlmodel.feature_input_order)]
    ours = build_method("GenRe", found.mlmodel, {"selection": "validity", "verbose": False, **hyperparams})
    rows = {}
    for name in methods:
        theirs = build_method(name, found.mlmodel, METHODS[name])
        for method in (ours, theirs):  # to warm up
            method.get_counterfactuals(people.head(1))
        row = in_turn(
            lambda: ours.get_counterfactuals(people),
            lambda theirs=theirs: theirs.get_counterfactuals(people),  # type: ignore[misc]
            runs,
        )
        for side in ("ours_s", "reference_s"):
            row[side] /= len(people)
        rows[f"{name}, {found.name}"] = row
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = timing_parser("methods", __doc__, runs=2)
    add_data(parser, default=["compas"])
    add_setting(parser, factuals=20)
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS))
    parser.add_argument("--steps", type=int, help="of GenRe's training, instead of the preset's")
    quick = {"data": ["adult"], "rows": 600, "factuals": 1, "runs": 1, "steps": 12}
    options = parse(parser, arguments, quick)
    hyperparams = {} if options.steps is None else {"training": {"steps": options.steps}}
    figures: dict[str, dict[str, float]] = {}
    # CARLA keeps its autoencoders in CF_MODELS, under the data's name alone.
    with (
        tempfile.TemporaryDirectory(prefix="carla-genre-") as scratch,
        patch.dict(os.environ, CF_MODELS=scratch),
    ):
        for data in options.data:
            figures |= measure(setting(data, options), options.methods, hyperparams, options.runs)
    finish(options, figures)


if __name__ == "__main__":
    main()
