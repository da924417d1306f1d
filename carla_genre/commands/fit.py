"""The command `carla-genre fit`."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from carla_genre.commands.settings import desired_in, given_constraints, read_settings
from carla_genre.datasets.names import whole_number
from carla_genre.errors import CheckpointError, InputError
from carla_genre.files.model import load_model
from carla_genre.files.table import open_table
from carla_genre.io import check_writable
from carla_genre.recourse import Recourse

# A training that was stopped, in the folder that is written; the same call takes it up.
STATE = "training.pt"


def fit(options: Namespace) -> None:
    """Learn recourse for a model from its training table, and write it as a folder.

    Raises
    ------
    CarlaGenreError
        A file, an option or a setting is wrong.
    """
    settings = read_settings(options.config)
    out = Path(options.out)
    if os.path.exists(out) and not os.path.isdir(out):
        raise InputError(f"--out {out}: there is a file of that name, a folder is wanted")
    if options.sample < 1:
        raise InputError(f"--sample must be 1 or more rows, got {options.sample}")
    check_writable(out / STATE)
    if options.desired is not None:
        settings["desired"] = options.desired
    constraints = [*settings.pop("constraints", []), *given_constraints(options)]
    hyperparams = settings.pop("hyperparams", None)
    model = load_model(options.model)
    source = open_table(options.table)
    if source.rows > options.sample:
        print(f"learning from a sample of {options.sample:,} of {source.rows:,} rows", file=sys.stderr)
    seed = whole_number(settings.get("seed", 0), "seed", high=2**63 - 1)
    table = source.sample(options.sample, seed).reset_index(drop=True)
    desired = desired_in(
        table, options.target, settings.pop("desired", None), hasattr(model, "predict_proba")
    )
    given = {"constraints": constraints, "hyperparams": _resumable(hyperparams, out), **settings}
    try:
        recourse = Recourse(model, table, options.target, desired, **given)
    except CheckpointError as error:
        raise CheckpointError(f"{error}, or remove it to begin anew") from error
    recourse.hyperparams = hyperparams
    recourse.save(out, options.with_training_rows)
    took = sum(recourse.genre_.seconds.values())
    print(f"written: {out}, learned from {len(table):,} rows in {took:.0f} s")
    if not options.with_training_rows:
        print("it holds nobody's row: `carla-genre recourse` needs --table as well", file=sys.stderr)


def _resumable(hyperparams: Any, out: Path) -> Any:
    """The hyperparameters with a checkpoint in the folder, unless they name one."""
    training = (hyperparams or {}).get("training", {}) if isinstance(hyperparams, Mapping | None) else None
    if not isinstance(training, Mapping):
        return hyperparams  # an error of its own
    return {**(hyperparams or {}), "training": {"checkpoint": str(out / STATE), **training}}
