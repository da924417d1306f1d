"""The same people, h and autoencoder, searched by CARLA one by one and all at once: how far the answers are apart.

python -m benchmarks.studies.batched.same --root FOLDER [--data compas] [--seeds 0] [--people 10] [--json FILE]

The autoencoder is trained once, by the batched method, for a few epochs: it is the search that is compared. CARLA's own
method reads it from the file.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.command import command_parser, exit_status
from benchmarks.paper.published import name_of
from carla_genre.harness.markdown import markdown_table, number
from carla_genre.harness.record import write
from carla_genre.methods.registry import build_method
from carla_genre.protocol import Setting, prepare
from carla_genre.protocol.cache import default_folder
from carla_genre.protocol.data import REAL_DATA

METHODS = ("Clue", "Revise", "CRUD")
# Two answers are the same where no cell, scaled to [0, 1], differs by more.
SAME = 1e-3


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; the exit status: 0, 2 for an error that the user can mend, 130 after Ctrl-C."""
    parser = command_parser("studies.batched.same", __doc__, "root", "seeds")
    parser.set_defaults(seeds=[0])
    parser.add_argument("--data", nargs="+", choices=REAL_DATA, default=["compas"])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=10, help="of the autoencoder's training")
    parser.add_argument("--json", type=Path, help="file to write")
    options = parser.parse_args(arguments)
    return exit_status("same", lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CF_MODELS"] = folder  # where CARLA keeps its autoencoders
        for data in options.data:
            for seed in options.seeds:
                setting = prepare(data, seed, options.people, options.root, cache=default_folder())
                for method in options.methods:
                    rows.append(compared(setting, method, options.epochs))
                    print(rows[-1], flush=True)
    if options.json:
        write(
            options.json,
            {"people": options.people, "epochs": options.epochs, "seeds": options.seeds},
            {"rows": rows},
        )


def compared(setting: Setting, method: str, epochs: int) -> dict[str, Any]:
    """One row of figures: how far the answers are apart, and the seconds (of the processor, a person)."""
    given = {"seed": setting.seed, "verbose": False}
    trained, read = _network(method, epochs)
    ours = build_method(f"{method}-batched", setting.mlmodel, {**given, **trained, "hold_constraints": False})
    carlas = build_method(method, setting.mlmodel, {**given, **read})
    answers, seconds = [], []
    for one in (carlas, ours):
        start = time.process_time()
        answers.append(one.get_counterfactuals(setting.factuals))
        seconds.append((time.process_time() - start) / len(setting.factuals))
    theirs, own = (frame.to_numpy(dtype=float) for frame in answers)
    apart = np.nan_to_num(np.abs(theirs - own).max(axis=1), nan=np.inf)
    apart[np.isnan(theirs).any(axis=1) & np.isnan(own).any(axis=1)] = 0.0
    scores = [setting.score(frame) for frame in answers]
    return {
        "data": setting.name,
        "method": method,
        "seed": setting.seed,
        "people": len(apart),
        "same": float((apart <= SAME).mean()),
        "median": float(np.median(apart)),
        "carla_s": seconds[0],
        "batched_s": seconds[1],
        **{f"{name}_carla": getattr(scores[0], name) for name in ("score", "cost", "answered")},
        **{f"{name}_batched": getattr(scores[1], name) for name in ("score", "cost", "answered")},
    }


def _network(method: str, epochs: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The hyperparameters that train an autoencoder, and those that read it."""
    if method == "Clue":
        return {"epochs": epochs}, {"train_vae": False}
    return {"vae_params": {"epochs": epochs}}, {"vae_params": {"train": False}}


def markdown(*figures: Mapping[str, Any]) -> str:
    """The rows of :func:`compared`, of one record or several."""
    lines = [
        [
            name_of(row["data"]),
            *(str(row[name]) for name in ("method", "seed", "people")),
            number(row["same"], 2),
            f"{row['median']:.0e}",
            *(number(row[f"{name}_{who}"], 3) for name in ("score", "cost") for who in ("carla", "batched")),
            *(number(row[f"{who}_s"], 3) for who in ("carla", "batched")),
        ]
        for row in (row for record in figures for row in record["rows"])
    ]
    head = ["data", "method", "seed", "people", "same answer", "median difference"]
    head += ["Score, one by one", "Score, at once", "Cost, one by one", "Cost, at once"]
    head += ["an answer, s, one by one", "at once"]
    return (
        f"{markdown_table(head, lines)}\n\nThe same answer: no scaled cell differs by more than {SAME:g}. Seconds "
        "of the processor, one thread, a person: of so few people, a batch has mostly copies."
    )


if __name__ == "__main__":
    sys.exit(main())
