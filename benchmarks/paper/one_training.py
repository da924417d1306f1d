"""Cells of CRUD that differ in lambda alone: its autoencoder does not know lambda, so one training serves them all."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from typing import Any, cast
from unittest.mock import patch

from carla_genre.harness.cell import Cell, Paths
from carla_genre.harness.child import run_in_subprocess
from carla_genre.harness.measure import measure
from carla_genre.harness.record import failure
from carla_genre.io import scratch_folder
from carla_genre.methods.registry import build_method, hyperparameters_of

import carla
from carla.recourse_methods.api import RecourseMethod

METHOD, WEIGHT = "CRUD-batched", "lambda_param"


class OneTraining:
    """How a cell is measured: CRUD's in this process, with the last autoencoder where only lambda differs.

    Such a record has the seconds of the one training, and ``trained_for``, the label of the cell that it was done for.
    Cells of other methods run in processes of their own. One cell at a time.
    """

    def __init__(self) -> None:
        self._of: Cell | None = None
        self._trained: RecourseMethod | None = None
        self._seconds: dict[str, Any] = {}

    def __call__(self, cell: Cell, paths: Paths, *further: Any) -> dict[str, Any]:
        """The record of the cell, or of its failure."""
        if cell.method != METHOD:
            return run_in_subprocess(cell, paths, *further)
        try:
            if self._of is None or _without_weight(cell) != _without_weight(self._of):
                self._of = self._trained = None
            record = measure(cell, paths, self._build)
        except Exception as error:  # the record reports whatever a method raises
            return failure(cell, error)
        if self._of is None:
            self._of, self._seconds = (
                cell,
                {kind: record[kind]["prepare"] for kind in ("seconds", "cpu_seconds")},
            )
        for kind, seconds in self._seconds.items():
            record[kind]["prepare"] = seconds
        return record | {"trained_for": self._of.label}

    def _build(self, method: str, mlmodel: Any, hyperparams: Mapping[str, Any]) -> RecourseMethod:
        if self._trained is None:
            with _autoencoders_apart():
                self._trained = build_method(method, mlmodel, hyperparams)
        weighted: Any = copy(self._trained)
        weighted.hyperparams = hyperparameters_of(method, hyperparams)
        return cast(RecourseMethod, weighted)


@contextmanager
def _autoencoders_apart() -> Iterator[None]:
    """CARLA saves an autoencoder in the user's home and logs two lines an epoch: not here."""
    level = carla.log.level
    with scratch_folder() as scratch, patch.dict(os.environ, CF_MODELS=str(scratch)):
        carla.log.setLevel(logging.WARNING)
        try:
            yield
        finally:
            carla.log.setLevel(level)


def _without_weight(cell: Cell) -> Cell:
    hyperparams = {name: value for name, value in cell.hyperparams.items() if name != WEIGHT}
    return replace(cell, label="", hyperparams=hyperparams)
