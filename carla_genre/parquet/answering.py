"""Answers from Parquet to Parquet, in this process or on the workers of a Dask cluster."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from carla_genre.children import safe_environment
from carla_genre.cluster import as_completed, connect, load_distributed
from carla_genre.errors import CarlaGenreError, InputError
from carla_genre.io import remove_leftovers, writing
from carla_genre.parquet.answer_batch import BatchAnswerer
from carla_genre.parquet.job import Counts, Job, answer_group
from carla_genre.parquet.source import ParquetSource, RowGroup, open_source
from carla_genre.progress import bar, warnings_only

log = logging.getLogger(__name__)


def answer_parquet(
    generator: str | os.PathLike[str],
    classifier: Any,
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    index: str | None = None,
    scores: bool = False,
    sampling: Mapping[str, Any] | None = None,
    workers: int = 1,
    cluster: str | None = None,
    verbose: bool = True,
) -> Counts:
    """Answer all rows of Parquet files, a row group at a time.

    ``out`` gets three folders with a file for each row group: ``answers`` (the index and the features, in the input's
    units, types and order of columns), ``accepted`` (rows that the classifier accepts as they are, with its
    probability) and ``failures`` (the index and the reason). Together they have every row of the input once. What is
    there is not done again, so a call that was stopped, or lost its workers, is taken up by the same call.

    Parameters
    ----------
    generator : path
        What :meth:`GenRe.save` wrote.
    classifier : str or carla.models.api.MLModel
        ``"module:function"``, a function that takes nothing and returns the classifier with its data. The classifier
        itself will do where one process works.
    source : path
        A Parquet file, a folder or a glob pattern; rows in original units.
    out : path
        A folder of this job's own.
    index : str, optional
        The column that names a row; else rows are numbered, from 0, as ``row``.
    scores : bool
        Add ``h_factual``, ``h_answer`` and ``cost`` (L1 in the scaled space) to the answers.
    sampling : mapping, optional
        What :meth:`GenRe.with_sampling` changes.
    workers : int
        Processes of this machine.
    cluster : str, optional
        Address of a Dask scheduler, or its file, whose workers are used; they find ``generator``, ``source``, ``out``
        and the classifier's module under the same names.
    verbose : bool
        A bar on a terminal, lines elsewhere.

    Returns
    -------
    Counts
        Of all rows, those of earlier calls too.

    Raises
    ------
    InputError, CheckpointError, MissingDependencyError
        A file, a column, the classifier or the generator is wrong, or ``out`` is another job's.
    """
    apart = workers > 1 or cluster is not None
    if workers < 1:
        raise InputError(f"workers must be 1 or more, got {workers}")
    if apart and not isinstance(classifier, str):
        raise InputError("other processes load the classifier themselves: name it 'module:function'")
    changes = tuple(sorted((sampling or {}).items()))
    generator, out = (str(Path(path).expanduser().absolute()) for path in (generator, out))
    found = open_source(source)
    job = Job(generator, classifier, changes, tuple(found.types.items()), out, index, scores)
    check = job.load()  # what is wrong is reported before any work
    with writing(out):
        job.claim(found)
    todo = [group for group in found.groups if not job.is_done(group)]
    done = _on_dask(job, todo, workers, cluster) if apart else _here(job, todo, check)
    before = found.rows - sum(group.rows for group in todo)
    if verbose and before:
        log.info("%d of %d rows are answered already", before, found.rows)
    with contextlib.closing(done), bar("answer", found.rows, verbose, before, lines=True) as answered:
        for group in done:
            answered.advance(group.rows)
    for folder in Counts._fields:
        remove_leftovers(Path(job.out, folder))
    return _total(job, found)


def _here(job: Job, todo: Sequence[RowGroup], answer: BatchAnswerer) -> Generator[RowGroup, None, None]:
    """The row groups, one after the other as they are answered."""
    for group in todo:
        job.answer(group, answer)
        yield group


def _on_dask(
    job: Job, todo: Sequence[RowGroup], workers: int, address: str | None
) -> Generator[RowGroup, None, None]:
    """The row groups as the workers answer them; one whose worker is lost is answered by another."""
    distributed = load_distributed()
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings_only("distributed"))
        stack.enter_context(safe_environment())
        if address is None:
            local = distributed.LocalCluster(
                workers, threads_per_worker=1, processes=True, dashboard_address=None
            )
            address = stack.enter_context(local).scheduler_address
        client = stack.enter_context(connect(address))
        jobs = {client.submit(answer_group, job, group, pure=False): group for group in todo}
        done = stack.enter_context(contextlib.closing(as_completed(client, jobs)))
        try:
            for group, future in done:
                future.result()
                yield group
        except distributed.KilledWorker as error:
            raise CarlaGenreError(
                f"a row group has ended one worker after the other, most likely for want of memory: {error}"
            ) from error


def _total(job: Job, source: ParquetSource) -> Counts:
    each = [Counts(0, 0, 0), *map(job.counts, source.groups)]
    total = Counts(*(sum(column) for column in zip(*each, strict=True)))
    if sum(total) != source.rows:
        raise InputError(
            f"{job.out} has {sum(total):,} rows of {source.rows:,}: its parts were changed by someone else, "
            "answer into another folder"
        )
    return total
