"""The paper's data sets, as a timing asks for them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from carla_genre.protocol import Setting, prepare
from carla_genre.protocol.cache import default_folder
from carla_genre.protocol.data import REAL_DATA


def add_data(parser: argparse.ArgumentParser, default: Sequence[str] = REAL_DATA) -> None:
    """Options that say which data sets are measured; Adult needs no files."""
    parser.add_argument("--data", nargs="+", choices=REAL_DATA, default=default)
    parser.add_argument("--root", help="folder of CARLA's CSVs (default: CF_DATA, else ~/cf-data)")


def add_setting(parser: argparse.ArgumentParser, factuals: int) -> None:
    """Options of the protocol besides."""
    parser.add_argument("--factuals", type=int, default=factuals, help=f"denied people (default {factuals})")
    parser.add_argument("--seed", type=int, default=0, help="of the protocol: labels, h and people")
    parser.add_argument("--rows", type=int, help="at most so many training rows")


def setting(data: str, options: argparse.Namespace) -> Setting:
    """The protocol up to the people to answer; its classifiers are kept in the user's cache."""
    return prepare(
        data, options.seed, options.factuals, options.root, rows=options.rows, cache=default_folder()
    )
