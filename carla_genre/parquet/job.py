"""A job: what answers which rows, the work on one row group, and the manifest that identifies a job."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from carla_genre.errors import CarlaGenreError, CheckpointError, InputError
from carla_genre.io import whole_file, write_text, writing
from carla_genre.loading import load_object
from carla_genre.methods.genre.method import GenRe
from carla_genre.parquet.answer_batch import BatchAnswerer
from carla_genre.parquet.source import ParquetSource, RowGroup, read_batches, readable

from carla.models.api import MLModel

log = logging.getLogger(__name__)

MANIFEST = "job.json"
# A method seeds torch's global random state while it answers: one row group at a time in a process.
_ONE_AT_A_TIME = threading.Lock()


def load_classifier(name: str) -> Any:
    """What ``function()`` of a ``"module:function"`` returns, or InputError."""
    if ":" not in name:
        raise InputError(
            f"the classifier {name!r} is no 'module:function': a function that takes nothing and returns an MLModel"
        )
    try:
        mlmodel = load_object(name, "classifier")()
    except CarlaGenreError:
        raise
    except Exception as error:  # one's own function may raise anything
        raise InputError(
            f"the classifier {name!r} cannot be made: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(mlmodel, MLModel):
        raise InputError(
            f"the classifier {name!r} must give an MLModel of CARLA's, got {type(mlmodel).__name__}"
        )
    return mlmodel


class Counts(NamedTuple):
    """Rows that were answered, are accepted already, and could not be answered."""

    answers: int
    accepted: int
    failures: int


@dataclass(frozen=True)
class Job:
    """What answers which rows, by names that every machine finds.

    ``generator``, ``classifier``, ``out``, ``index`` and ``scores`` are as :func:`answer_parquet` takes them.
    ``sampling`` is what :meth:`GenRe.with_sampling` is to change, ``types`` are pyarrow's of the input's columns.
    """

    generator: str
    classifier: Any
    sampling: tuple[tuple[str, Any], ...]
    types: tuple[tuple[str, Any], ...]
    out: str
    index: str | None = None
    scores: bool = False

    def load(self) -> BatchAnswerer:
        """Load the generator and the classifier; InputError or CheckpointError where one is not for the other."""
        classifier = self.classifier
        mlmodel = load_classifier(classifier) if isinstance(classifier, str) else classifier
        genre = GenRe.load(self.generator, mlmodel).with_sampling(**dict(self.sampling))
        genre.hyperparams["verbose"] = False  # a bar counts the row groups
        return BatchAnswerer(genre, dict(self.types), self.index, self.scores)

    def part(self, folder: str, group: RowGroup) -> Path:
        """The file of a row group in ``answers``, ``accepted`` or ``failures``."""
        return Path(self.out, folder, f"part-{group.part:06d}.parquet")

    def is_done(self, group: RowGroup) -> bool:
        """Whether a row group has its rows in its three parts; else those that are there are done again."""
        return sum(self.counts(group)) == group.rows

    def claim(self, source: ParquetSource) -> None:
        """Make the folder that of this job and its input, or raise InputError where it cannot be."""
        path, mine = Path(self.out) / MANIFEST, self._manifest(source)
        if path.exists():
            try:
                found = json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise InputError(f"{path} is damaged, give another folder: {error}") from error
            differs = [name for name in mine if not isinstance(found, dict) or found.get(name) != mine[name]]
            if differs:
                raise InputError(
                    f"{self.out} holds the answers of another job, which had another {', '.join(differs)}: "
                    "give another folder"
                )
        elif any(Path(self.out).glob("*")):
            raise InputError(f"{self.out} is not empty and has no {MANIFEST}: give a folder of its own")
        else:
            write_text(path, json.dumps(mine, indent=2) + "\n")
        for folder in Counts._fields:
            Path(self.out, folder).mkdir(exist_ok=True)

    def answer(self, group: RowGroup, answer: BatchAnswerer) -> None:
        """Answer one row group; its parts are there whole, or not at all."""
        first = group.first
        # What is entered first is left last: the answers are named when the other parts are whole.
        with contextlib.ExitStack() as stack:
            with writing(self.out):
                paths = [stack.enter_context(whole_file(self.part(name, group))) for name in Counts._fields]
                schemas = zip(paths, answer.schemas, strict=True)
                writers = [
                    stack.enter_context(pq.ParquetWriter(path, schema, write_page_checksum=True))
                    for path, schema in schemas
                ]
            for batch in read_batches([group], answer.columns):
                parts = answer(batch, first)
                with writing(self.out):
                    for writer, part in zip(writers, parts, strict=True):
                        if part.num_rows:
                            writer.write_batch(part)
                first += batch.num_rows
            with writing(self.out):
                stack.close()

    def counts(self, group: RowGroup) -> Counts:
        """The rows of a row group's parts; none where one of these is absent or damaged."""
        paths = [self.part(folder, group) for folder in Counts._fields]
        if all(path.exists() for path in paths):
            try:
                with readable(self.out):
                    return Counts(*(pq.read_metadata(path).num_rows for path in paths))
            except InputError as error:
                log.warning("part %d is answered again: %s", group.part, error)
        return Counts(0, 0, 0)

    def _manifest(self, source: ParquetSource) -> dict[str, Any]:
        return {
            "generator": _digest(self.generator),  # it holds the classifier's fingerprint
            "classifier": self.classifier if isinstance(self.classifier, str) else None,
            "sampling": dict(self.sampling),
            "index": self.index,
            "scores": self.scores,
            "input": list(source.files),
        }


def answer_group(job: Job, group: RowGroup) -> None:
    """Answer a row group, with what this process has loaded once."""
    with _ONE_AT_A_TIME:
        job.answer(group, _loaded(job))


_loaded = lru_cache(maxsize=1)(Job.load)


def _digest(path: str) -> str:
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise CheckpointError(f"no checkpoint at {path}: {error}") from error
