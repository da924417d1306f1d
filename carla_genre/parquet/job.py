"""What is answered by what and where to: the work of one row group, and the manifest that tells jobs apart."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from carla_genre.errors import CheckpointError, InputError
from carla_genre.io import UNFINISHED, whole_file, write_text
from carla_genre.methods.genre.method import GenRe
from carla_genre.parquet.answer_batch import AnsweredBatch, BatchAnswerer
from carla_genre.parquet.classifier import load_classifier
from carla_genre.parquet.source import ParquetSource, RowGroup, read_batches

MANIFEST = "job.json"
# A method seeds torch's global random state while it answers: one row group at a time in a process.
_ONE_AT_A_TIME = threading.Lock()


class Counts(NamedTuple):
    """People who were answered, are accepted already, and could not be answered."""

    answers: int
    accepted: int
    failures: int


@dataclass(frozen=True)
class Answerer:
    """The generator and the classifier, by where every machine finds them.

    Parameters
    ----------
    generator : str
        A checkpoint of :meth:`GenRe.save`.
    classifier : str or carla.models.api.MLModel
        ``"module:function"``, a function that takes nothing and returns the classifier with its data; or itself.
    sampling : tuple of (str, object)
        What :meth:`GenRe.with_sampling` is to change.
    """

    generator: str
    classifier: Any
    sampling: tuple[tuple[str, Any], ...] = ()

    def load(self) -> GenRe:
        """Build it.

        Raises
        ------
        InputError
            The classifier cannot be loaded.
        CheckpointError
            The checkpoint cannot, or is of another classifier.
        """
        classifier = self.classifier
        mlmodel = load_classifier(classifier) if isinstance(classifier, str) else classifier
        genre = GenRe.load(self.generator, mlmodel).with_sampling(**dict(self.sampling))
        genre.hyperparams["verbose"] = False  # a bar counts the row groups
        return genre


@dataclass(frozen=True)
class Job:
    """People to answer.

    Parameters
    ----------
    answerer : Answerer
    types : tuple of (str, pyarrow.DataType)
        Of the input's columns.
    out : str
        Folder of the parts.
    index : str, optional
        Column that names a person.
    scores : bool
        Whether h and the cost are written.
    """

    answerer: Answerer
    types: tuple[tuple[str, Any], ...]
    out: str
    index: str | None = None
    scores: bool = False

    def part(self, folder: str, group: RowGroup) -> Path:
        """The file of a row group in ``answers``, ``accepted`` or ``failures``."""
        return Path(self.out, folder, f"part-{group.part:06d}.parquet")

    def is_done(self, group: RowGroup) -> bool:
        """Whether a row group is finished: its answers are named last."""
        return self.part("answers", group).exists()

    def claim(self, source: ParquetSource) -> None:
        """Make the folder that of this job and its input, or see that it is.

        Raises
        ------
        InputError
            It is another job's, or is no folder that can be written to.
        """
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
        for folder in AnsweredBatch._fields:
            Path(self.out, folder).mkdir(exist_ok=True)

    def answer(self, group: RowGroup, answer: BatchAnswerer) -> Counts:
        """Answer one row group; its parts are there whole, or not at all."""
        counts = Counts(0, 0, 0)
        with self._writers(group, answer.schemas) as writers:
            first = group.first
            for batch in read_batches([group], answer.columns):
                found = answer(batch, first)
                for writer, part in zip(writers, found, strict=True):
                    if part.num_rows:
                        writer.write_batch(part)
                counts = Counts(*(n + part.num_rows for n, part in zip(counts, found, strict=True)))
                first += batch.num_rows
        return counts

    def counts(self, group: RowGroup) -> Counts:
        """Of a row group that is done."""
        read = pq.read_metadata
        return Counts(*(read(self.part(folder, group)).num_rows for folder in Counts._fields))

    @contextlib.contextmanager
    def _writers(self, group: RowGroup, schemas: AnsweredBatch) -> Iterator[list[Any]]:
        """One writer a folder, under names of their own until all three are whole."""
        open_writer = pq.ParquetWriter
        paths = [self.part(folder, group) for folder in AnsweredBatch._fields]
        with (
            contextlib.ExitStack() as stack
        ):  # what is entered first is left last: the answers are named last
            parts = [stack.enter_context(whole_file(path)) for path in paths]
            yield [stack.enter_context(open_writer(*two)) for two in zip(parts, schemas, strict=True)]

    def remove_unfinished(self) -> None:
        """What was left by processes that were killed."""
        for path in Path(self.out).glob(f"*/.*{UNFINISHED}"):
            path.unlink(missing_ok=True)

    def _manifest(self, source: ParquetSource) -> dict[str, Any]:
        named = self.answerer.classifier
        return {
            "generator": _digest(self.answerer.generator),  # it holds the classifier's fingerprint
            "classifier": named if isinstance(named, str) else None,
            "sampling": dict(self.answerer.sampling),
            "index": self.index,
            "scores": self.scores,
            "input": list(source.files),
        }


def answer_group(job: Job, group: RowGroup) -> Counts:
    """Answer a row group, with what this process has loaded once."""
    with _ONE_AT_A_TIME:
        return job.answer(group, _loaded(job.answerer, job.types, job.index, job.scores))


@lru_cache(maxsize=1)
def _loaded(
    answerer: Answerer, types: tuple[tuple[str, Any], ...], index: str | None, scores: bool
) -> BatchAnswerer:
    return BatchAnswerer(answerer.load(), dict(types), index, scores)


def _digest(path: str) -> str:
    try:
        with open(path, "rb") as file:
            digest = hashlib.sha256()
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise CheckpointError(f"no checkpoint at {path}: {error}") from error
    return digest.hexdigest()[:16]
