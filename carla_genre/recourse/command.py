"""The commands `carla-genre fit` and `carla-genre recourse`; `--help` explains their options."""

from __future__ import annotations

import glob
import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from carla_genre.constraints import AtMost, Constraint, Freeze
from carla_genre.constraints.plain import from_plain
from carla_genre.errors import InputError
from carla_genre.loading import load_object
from carla_genre.recourse.recourse import Recourse
from carla_genre.suggestions import did_you_mean

SETTINGS = (
    "desired",
    "constraints",
    "threshold",
    "categorical",
    "continuous",
    "ignore",
    "scale",
    "seed",
    "hyperparams",
)


def fit(options: Namespace) -> None:
    """Learn recourse for a model from its training table, and write it as a folder.

    Raises
    ------
    CarlaGenreError
        A file, an option or a setting is wrong.
    """
    settings = read_settings(options.config)
    out = Path(options.out)
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out}: there is a file of that name, a folder is wanted")
    if options.desired is not None:
        settings["desired"] = options.desired
    constraints = [*settings.pop("constraints", []), *given_constraints(options)]
    table = read_rows(options.table)
    model = load_model(options.model)
    desired = _as_in(table, options.target, settings.pop("desired", None), hasattr(model, "predict_proba"))
    recourse = Recourse(model, table, options.target, desired, constraints=constraints, **settings)
    recourse.save(out, options.with_training_rows)
    took = sum(recourse.genre_.seconds.values())
    print(f"written: {out}, learned from {len(table):,} rows in {took:.0f} s")
    if not options.with_training_rows:
        print("it holds nobody's row: `carla-genre recourse` needs --table as well", file=sys.stderr)


def recommend(options: Namespace) -> int:
    """Answer the people of files, and say how many have an option; 1 with ``--strict`` where somebody has none.

    Raises
    ------
    CarlaGenreError
        A file, an option or a setting is wrong.
    """
    if options.out and Path(options.out).suffix not in (".csv", ".parquet"):
        raise InputError(f"--out {options.out}: expected *.csv or *.parquet")
    if not (options.out or options.html or options.json):
        raise InputError(
            "nothing to write: say --out options.csv, --html options.html or --json options.json"
        )
    table = None if options.table is None else read_rows(options.table)
    people = read_rows(options.people, options.index)
    recourse = Recourse.load(options.generator, load_model(options.model), table)
    if options.index is not None and options.index not in recourse.feature_names_in_:
        people = people.drop(columns=options.index).rename_axis(options.index)
    constraints = [*read_settings(options.config).get("constraints", []), *given_constraints(options)]
    found = recourse.recommend(people, options.n, constraints=constraints, diverse=options.diverse)
    if options.out:
        if Path(options.out).suffix == ".parquet":
            found.to_parquet(options.out)
        else:
            found.to_csv(options.out)
    if options.html:
        found.to_html(options.html)
    if options.json:
        found.to_json(options.json)
    print(found)
    for reason, whose in found.unanswered.groupby("reason", sort=False)["person"]:
        some = ", ".join(map(str, whose.head(5))) + (", ..." if len(whose) > 5 else "")
        print(f"{len(whose)} without an option ({some}): {reason}", file=sys.stderr)
    return int(options.strict and len(found.unanswered) > 0)


def read_rows(path: str, index: str | None = None) -> pd.DataFrame:
    """The rows of a CSV or Parquet file, of all such files of a folder, or of those that a pattern names.

    Raises
    ------
    InputError
        There is no such file, one cannot be read, or they have different columns.
    """
    folder = Path(path).is_dir()
    files = sorted(glob.glob(f"{path}/*" if folder else path))
    files = [one for one in files if not folder or Path(one).suffix in (".csv", ".parquet")]
    if not files:
        raise InputError(f"{path}: there is no such file")
    frames = []
    for one in files:
        try:
            frames.append(pd.read_parquet(one) if Path(one).suffix == ".parquet" else pd.read_csv(one))
            if frames[-1].shape[1] == 1 and ";" in str(frames[-1].columns[0]):
                raise ValueError("its columns are separated by ';', save it with commas")
        except Exception as error:  # pandas, pyarrow and the codecs each have errors of their own
            raise InputError(f"{one} cannot be read as CSV or Parquet: {error}") from error
        if list(frames[-1].columns) != list(frames[0].columns):
            raise InputError(f"{one} has other columns than {files[0]}")
    rows = pd.concat(frames, ignore_index=True)
    if index is None:
        return rows.rename_axis("row" if "row" not in rows.columns else "row_")
    if index not in rows.columns:
        raise InputError(f"--index {index}: there is no such column.{did_you_mean(index, rows.columns)}")
    return rows.set_index(index, drop=False).rename_axis(f"{index}_")


def read_settings(path: str | None) -> dict[str, Any]:
    """The settings of a YAML file, checked; constraints as objects.

    Raises
    ------
    InputError
        It cannot be read, or has a setting that there is not.
    """
    if path is None:
        return {}
    try:
        settings = yaml.safe_load(Path(path).read_text()) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path} cannot be read as YAML: {error}") from error
    if not isinstance(settings, Mapping):
        raise InputError(f"{path}: expected settings, such as 'desired: yes', got {settings!r}")
    for name in settings:
        if name not in SETTINGS:
            raise InputError(f"{path}: there is no setting {name!r}.{did_you_mean(name, SETTINGS)}")
    return {**settings, "constraints": from_plain(settings.get("constraints", []))}


def given_constraints(options: Namespace) -> list[Constraint]:
    """Those of the command line."""
    frozen = [Freeze(*options.freeze)] if options.freeze else []
    return [*frozen, *([AtMost(options.at_most)] if options.at_most is not None else [])]


def load_model(named: str) -> Any:
    """The user's model: a joblib file, or ``module:name`` of a model or of a function that takes nothing.

    A joblib file runs code when it is read: only those that one trusts may be given.

    Raises
    ------
    InputError
        It cannot be loaded.
    """
    if Path(named).suffix in (".joblib", ".pkl", ".pickle"):
        import joblib

        try:
            return joblib.load(named)
        except Exception as error:  # whatever the code in it raises
            raise InputError(
                f"the model {named} cannot be loaded: {type(error).__name__}: {error}"
            ) from error
    if ":" not in named:
        raise InputError(f"--model {named}: expected a .joblib file, or module:name")
    model = load_object(named, "model")
    return model if hasattr(model, "predict") or hasattr(model, "predict_proba") else model()


def _as_in(table: pd.DataFrame, target: str, desired: Any, classifies: bool) -> Any:
    """The label of the command line as the target's column has it: ``1`` is a number there, not a text."""
    if isinstance(desired, str) and target in table.columns:
        known = {str(label): label for label in table[target].dropna().unique().tolist()}
        return known.get(desired, desired)
    if isinstance(desired, list) and len(desired) == 2 and not classifies:
        ends = zip((-np.inf, np.inf), desired, strict=True)
        return tuple(open_end if end is None else end for open_end, end in ends)
    return set(desired) if isinstance(desired, list) else desired
