"""D_h- and D_h+ from Parquet, read by row groups: kept on disk, or as an even sample in memory."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.errors import InputError
from carla_genre.generator.config import PairConfig
from carla_genre.generator.pairing.pairs import side_masks, split_rows
from carla_genre.io import writing
from carla_genre.methods.core.encoded_classifier import EncodedClassifier
from carla_genre.parquet.kept_rows import EvenSample, OnDisk
from carla_genre.parquet.raw_rows import RawRows, add_reason, distinct_cells
from carla_genre.parquet.source import ParquetSource, open_source, read_batches
from carla_genre.progress import bar
from carla_genre.schema.training_rows import Sides, TrainingRows

log = logging.getLogger(__name__)

REASONS_SHOWN = 3
SAMPLE = 10_000  # rows by which h is compared with the labels


@dataclass(frozen=True)
class ParquetRows:
    """Training rows for GenRe in Parquet files, in original units with the label.

    The classifier's own data give the scaler, the categories and the ranges. A row that they cannot encode (a missing
    value, an unknown category) is left out, and how many are is logged. A number beyond the range of the
    classifier's own training rows is read as it is; an accepted row with one is no target, as answers stay in range.

    Parameters
    ----------
    path : path
        A file, a folder or a glob pattern.
    positive : object, optional
        The label's value that recourse aims at; None for labels of 0 and 1.
    at_most : int, optional
        Learn from an even sample of so many rows of D_h- and of D_h+, each kept in memory. None keeps all of them,
        in files that vanish with the process.
    seed : int
        Of the sample, which is the same however the rows are cut into groups and files.
    folder : path, optional
        Of those files; else the system's folder for temporary files.

    Examples
    --------
    >>> genre = GenRe(mlmodel, {"seed": 1}, source=ParquetRows("applications/", at_most=10**6))  # doctest: +SKIP
    """

    path: str | os.PathLike[str]
    positive: Any = None
    at_most: int | None = None
    seed: int = 0
    folder: str | os.PathLike[str] | None = None

    def __post_init__(self) -> None:
        if self.at_most is not None and self.at_most < 1:
            raise InputError(f"at_most must be 1 or more rows of each side, got {self.at_most}")

    def sides(self, classifier: EncodedClassifier, config: PairConfig, verbose: bool = True) -> Sides:
        """Read all rows, query h about each, and keep those of D_h- and D_h+ (section 4.1).

        InputError where a column is absent or of a wrong type, the label is not of two values, or a side is empty.
        """
        source, width = self._source(classifier), len(classifier.schema.features)
        extremes, left_out = pd.DataFrame(), Counter[str]()
        with contextlib.ExitStack() as files:
            denied, accepted = (self._kept_rows(width, stream, files) for stream in (0, 1))
            some = EvenSample(2, SAMPLE, np.random.default_rng([self.seed, 3]))
            for values, labels in self._encoded(source, classifier, left_out, verbose):
                scores = classifier.scores(values)
                extremes = _extremes(extremes, labels, scores)
                some.add(np.column_stack([labels, scores]))
                is_denied, is_accepted = side_masks(labels, scores, config)
                denied.add(values[is_denied])
                accepted.add(values[is_accepted])
            if extremes.empty:
                why = f": {next(iter(left_out))}, ..." if left_out else ""
                raise InputError(f"{self.path} has no row that can be learned from{why}")
            drawn = some.array()
            classifier.checked(TrainingRows(drawn[:, :0], drawn[:, 0].astype(int), drawn[:, 1]))
            # Raises where a side is empty.
            split_rows(extremes["label"].to_numpy(), extremes["h"].to_numpy(), config)
            found = Sides(denied.array(), accepted.array())
        if verbose:
            log.info("of %d rows %d are kept of D_h- and %d of D_h+", source.rows, *map(len, found))
        _warn_of_left_out(left_out, source.rows)
        return found

    def labelled(self, classifier: EncodedClassifier, at_most: int, verbose: bool = True) -> TrainingRows:
        """An even sample of the rows, read by row groups; what is left out is logged by :meth:`sides`."""
        source, width = self._source(classifier), len(classifier.schema.features)
        sample = EvenSample(width + 1, at_most, np.random.default_rng([self.seed, 2]))
        for values, labels in self._encoded(source, classifier, Counter[str](), verbose):
            sample.add(np.column_stack([values, labels]))
        rows = sample.array()
        values = np.ascontiguousarray(rows[:, :width])
        return TrainingRows(values, rows[:, width].astype(int), classifier.scores(values))

    def _source(self, classifier: EncodedClassifier) -> ParquetSource:
        source, target = open_source(self.path), classifier.data.target
        if target not in source.types:
            raise InputError(f"the input lacks the label's column {target!r}; it has {list(source.types)}")
        return source

    def _encoded(
        self, source: ParquetSource, classifier: EncodedClassifier, left_out: Counter[str], verbose: bool
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Encoded rows (B, D) and their labels (B,); counts the reasons of those that are left out."""
        data = classifier.data
        raw = RawRows(data, classifier.schema, source.types)
        for batch in _batches(source, [*raw.columns, data.target], verbose):
            rows = raw.encode(batch)
            labels = self._labels(batch.column(data.target), data.target, rows.reasons)
            left_out.update(rows.reasons[rows.reasons != ""].tolist())
            labelled = (rows.reasons == "")[rows.usable]
            yield classifier.schema.encode(rows.frame)[labelled], labels[rows.usable][labelled]

    def _kept_rows(self, width: int, stream: int, files: contextlib.ExitStack) -> OnDisk | EvenSample:
        if self.at_most is not None:
            return EvenSample(width, self.at_most, np.random.default_rng([self.seed, stream]))
        with writing(f"training rows in {self.folder}"):
            return OnDisk(width, files.enter_context(tempfile.TemporaryFile(dir=self.folder)))

    def _labels(self, column: Any, name: str, reasons: np.ndarray) -> np.ndarray:
        """0 and 1, (B,); a missing label is a reason to leave the row out."""
        values, codes = distinct_cells(column)
        if self.positive is None:
            wrong = [value for value in values if value is not None and value not in (0, 1)]
            if wrong:
                raise InputError(
                    f"the label {name!r} holds {wrong[0]!r}: say with positive= which value is the good one"
                )
            good = [value == 1 for value in values]
        else:
            good = [value == self.positive or str(value) == str(self.positive).strip() for value in values]
        add_reason(
            reasons, np.array([value is None for value in values])[codes], f"missing value in {name!r}"
        )
        return np.array(good, dtype=int)[codes]


def _extremes(seen: pd.DataFrame, labels: np.ndarray, scores: np.ndarray) -> pd.DataFrame:
    """Of each label the rows of least and of greatest h: they show whether a side is empty, and why."""
    rows = pd.concat([seen, pd.DataFrame({"label": labels, "h": scores})], ignore_index=True)
    of_label = rows.groupby("label")["h"]
    return rows.loc[[*of_label.idxmin(), *of_label.idxmax()]]


def _batches(source: ParquetSource, columns: list[str], verbose: bool) -> Any:
    with bar("read", source.rows, verbose) as done:
        for _, groups in itertools.groupby(source.groups, lambda group: group.path):
            for batch in read_batches(list(groups), columns):
                yield batch
                done.advance(batch.num_rows)


def _warn_of_left_out(left_out: Counter[str], n_rows: int) -> None:
    if left_out:
        common = ", ".join(f"{reason} ({n})" for reason, n in left_out.most_common(REASONS_SHOWN))
        more = ", ..." if len(left_out) > REASONS_SHOWN else ""
        log.warning("%d of %d rows are left out: %s%s", sum(left_out.values()), n_rows, common, more)
