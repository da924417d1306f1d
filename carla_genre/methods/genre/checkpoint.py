"""GenRe's files: what stands beside the generator's weights, and for whom a file may be loaded."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, NamedTuple

import numpy as np

from carla_genre.blackbox import BlackBox
from carla_genre.causal import Causes
from carla_genre.errors import CheckpointError
from carla_genre.generator import checkpoint
from carla_genre.generator.generator import Generator
from carla_genre.methods.core.device import choose_device
from carla_genre.methods.core.encoded_classifier import EncodedClassifier
from carla_genre.methods.genre.identity import (
    fingerprint,
    fingerprint_difference,
    rows_difference,
    rows_digest,
    schema_difference,
)
from carla_genre.schema import Schema
from carla_genre.schema.training_rows import TrainingRows
from carla_genre.selection import ExpectedScoreSelector
from carla_genre.selection.ascent import Moves
from carla_genre.selection.surrogate import points_of


class RowsUsed(NamedTuple):
    """Which training rows a GenRe has learned from, without their values.

    ``digest`` is of all rows that it was given; ``positions`` (k,) are of those that the selector was fitted on, None
    where there is no selector.
    """

    digest: dict[str, Any]
    positions: np.ndarray | None = None

    @classmethod
    def of(cls, schema: Schema, rows: TrainingRows) -> RowsUsed:
        """By the rows that were given."""
        return cls(rows_digest(schema, rows.values, rows.labels))

    def held_by(self, selector: ExpectedScoreSelector, rows: TrainingRows) -> RowsUsed:
        """The same rows, with the positions of those that the selector's judge holds, in the same order."""
        judge, positions = selector.objective.judge, list[int]()
        kept = _as_bytes(judge.rows, judge.labels)
        points = points_of(selector.objective.schema, rows.values)
        for position, row in enumerate(_as_bytes(points, rows.labels)):
            if len(positions) < len(kept) and row == kept[len(positions)]:
                positions.append(position)
        return self._replace(positions=np.array(positions))

    def check(self, schema: Schema, values: np.ndarray, labels: np.ndarray) -> None:
        """Raise CheckpointError for other rows."""
        differs = rows_difference(self.digest, rows_digest(schema, values, labels))
        if differs:
            raise CheckpointError(
                f"the generator was trained on other rows than those of the classifier's data: {differs}. Load it with "
                "the data of the training, or save it with with_training_rows=True"
            )


def _as_bytes(points: np.ndarray, labels: np.ndarray) -> list[bytes]:
    return [row.tobytes() for row in np.column_stack([points, labels])]


class Saved(NamedTuple):
    """What a file has of a GenRe: its schema has the constraints of the training."""

    generator: Generator
    schema: Schema
    hyperparams: dict[str, Any]
    selector: ExpectedScoreSelector | None
    used: RowsUsed | None
    gamma: float


def save(
    path: str | os.PathLike[str],
    generator: Generator,
    classifier: EncodedClassifier,
    hyperparams: Mapping[str, Any],
    gamma: float,
    selector: ExpectedScoreSelector | None,
    used: RowsUsed | None,
    with_training_rows: bool,
) -> None:
    """Write what :func:`read` reads."""
    arrays = {} if selector is None else selector.objective.judge.arrays()
    if selector is not None and selector.moves is not None and selector.moves.fine is not None:
        arrays["moves"] = selector.moves.fine
    if selector is not None and used is not None and used.positions is not None:
        arrays["positions"] = used.positions
        if not with_training_rows:
            del arrays["rows"], arrays["labels"]
    causes = hyperparams["causes"]
    header = {
        "causes": causes and causes.to_plain(),
        "schema": classifier.schema.to_dict(),
        "fingerprint": fingerprint(classifier.schema, classifier.scores),
        "hyperparams": {
            k: v for k, v in hyperparams.items() if k not in ("architecture", "causes", "training")
        },
        "gamma": gamma,
        "selector": selector and selector.to_dict(),
        "training rows": used.digest if used else {},
    }
    checkpoint.save(path, generator, header, arrays)


def read(path: str | os.PathLike[str], mlmodel: BlackBox, device: str) -> Saved:
    """Read a file for a classifier.

    CheckpointError where there is no such file, or one for another schema, classifier or training rows: it says what
    differs.
    """
    generator, header, arrays = checkpoint.load(path, choose_device(device, "GenRe"))
    schema = Schema.from_dict(header["schema"])
    differs = schema_difference(schema, Schema.from_mlmodel(mlmodel))
    if differs:
        raise CheckpointError(f"{os.fspath(path)} was trained for another schema: {differs}")
    classifier = EncodedClassifier(mlmodel, schema)
    h = classifier.scores
    differs = fingerprint_difference(header["fingerprint"], fingerprint(schema, h))
    if differs:
        raise CheckpointError(f"{os.fspath(path)} was trained for another classifier: {differs}")
    hyperparams = {
        **header["hyperparams"],
        "causes": header["causes"] and Causes.from_plain(header["causes"]),
        "architecture": asdict(generator.config.architecture),
        "training": asdict(generator.config.training),
        "device": device,
    }
    used = RowsUsed(header["training rows"], arrays.pop("positions", None))
    moves = Moves(generator.answer_bins.points(), arrays.pop("moves", None))  # older files have no fine ones
    selector = None
    if header["selector"]:
        if "rows" not in arrays:
            values, labels = classifier.labelled_values()
            used.check(schema, values, labels)
            arrays |= {"rows": points_of(schema, values[used.positions]), "labels": labels[used.positions]}
        n_jobs = hyperparams["threads"] or -1
        selector = ExpectedScoreSelector.from_dict(header["selector"], arrays, schema, h, n_jobs)
        selector = replace(selector, moves=moves)
    return Saved(generator, schema, hyperparams, selector, used, header["gamma"])
