"""People of files answered chunk by chunk, in this process or on the workers of a Dask cluster."""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import shutil
import threading
import warnings
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from carla_genre.children import safe_environment
from carla_genre.cluster import as_completed, connect, load_distributed
from carla_genre.errors import CarlaGenreError, InputError
from carla_genre.files.job import DONE, FOLDERS, Answered, Job
from carla_genre.files.table import Chunk, FileTable
from carla_genre.files.writing import Writer, is_one_file, unanswered_beside
from carla_genre.io import at_home, check_writable, remove_leftovers, whole_file, writing
from carla_genre.loading import load_extra
from carla_genre.progress import bar, warnings_only

log = logging.getLogger(__name__)

PARTS = ".parts"
# Answering seeds torch's global random state: one chunk at a time in a process.
_ONE_AT_A_TIME = threading.Lock()


def answer_files(
    recourse: Any,
    people: FileTable,
    out: str | os.PathLike[str],
    identity: Mapping[str, Any],
    question: tuple[int, tuple[Any, ...], bool],
    workers: int = 1,
    cluster: str | None = None,
    verbose: bool = True,
) -> Answered:
    """Answer the people of files; see :meth:`carla_genre.Recourse.recommend_files`.

    ``identity`` is what another job may not differ in, ``question`` is n, the constraints and whether they are
    diverse.
    """
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise InputError(f"workers must be 1 or more, got {workers!r}")
    target = at_home(out).absolute()
    one_file = is_one_file(target)
    if one_file:
        check_writable(target)
    folder = target.with_name(target.name + PARTS) if one_file else target
    job = Job(recourse, people, *question, str(folder), one_file and target.suffix.lower() == ".csv")
    with writing(folder):
        job.claim(identity)
    parts = _answer(job, workers, cluster, verbose)
    lost = [number for number, part in parts.items() if part is None]
    if lost:
        raise InputError(f"{folder}: its parts {lost[:5]} were changed by someone else, give another folder")
    if one_file:
        _assemble(job, target)
    return Answered.together(part for part in parts.values() if part is not None)


def _answer(job: Job, workers: int, cluster: str | None, verbose: bool) -> dict[int, Answered | None]:
    """What came of each chunk, by its number; those that were answered before are left as they are."""
    people = job.people
    parts = {chunk.number: job.done(chunk) for chunk in people.chunks}
    todo = [chunk for chunk in people.chunks if parts[chunk.number] is None]
    before = people.rows - sum(chunk.rows for chunk in todo)
    if verbose and before:
        log.info("%d of %d people are answered already", before, people.rows)
    apart = todo and (workers > 1 or cluster is not None)
    work = _on_dask(job, todo, workers, cluster) if apart else _here(job, todo)
    with contextlib.closing(work), bar("answer", people.rows, verbose, before, lines=True) as answered:
        try:
            for chunk in work:
                answered.advance(chunk.rows)
                parts[chunk.number] = job.done(chunk)
        except KeyboardInterrupt:
            if verbose:
                log.info("%d of %d people are answered: the same call goes on", answered.done, people.rows)
            raise
    for name in (*FOLDERS, DONE):
        remove_leftovers(Path(job.folder, name))
    return parts


def _here(job: Job, todo: Sequence[Chunk]) -> Generator[Chunk, None, None]:
    """The chunks, one after the other as they are answered."""
    for chunk in todo:
        job.answer(chunk)
        yield chunk


def load_job(content: bytes) -> Job:
    """The job in a worker, as its scheduler's client has sent it."""
    job: Job = pickle.loads(content)
    return job


def answer_chunk(job: Job, chunk: Chunk) -> None:
    """Answer a chunk in a worker."""
    with _ONE_AT_A_TIME:
        job.answer(chunk)


def _on_dask(
    job: Job, todo: Sequence[Chunk], workers: int, address: str | None
) -> Generator[Chunk, None, None]:
    """The chunks as the workers answer them; one whose worker is lost is answered by another."""
    distributed = load_distributed()
    try:
        content = load_extra("cluster", "a cluster", "cloudpickle").dumps(job)
    except Exception as error:  # a classifier may be anything
        raise InputError(
            f"other processes are sent the classifier, and it cannot be pickled ({error}): workers=1"
        ) from error
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings_only("distributed"))
        stack.enter_context(safe_environment())
        if address is None:
            local = distributed.LocalCluster(
                workers, threads_per_worker=1, processes=True, dashboard_address=None
            )
            address = stack.enter_context(local).scheduler_address
        client = stack.enter_context(connect(address))
        # a task of its own: where every worker that has it is lost, it is done again
        with warnings.catch_warnings():  # of its size: it is sent once
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            loaded = client.submit(load_job, content, pure=False)
        jobs = {client.submit(answer_chunk, loaded, chunk, pure=False): chunk for chunk in todo}
        done = stack.enter_context(contextlib.closing(as_completed(client, jobs)))
        try:
            for chunk, future in done:
                future.result()
                yield chunk
        except distributed.KilledWorker as error:
            raise CarlaGenreError(
                f"a chunk has ended one worker after the other, most likely for want of memory: {error}"
            ) from error


def _assemble(job: Job, target: Path) -> None:
    """Make one file of the options, and one of those without, out of the parts, which are removed."""
    empty, own = job.people.empty()
    found = job.recourse.recommend(empty, job.n, constraints=job.constraints, diverse=job.diverse)
    writer = Writer(job.people)
    nobody = writer.options(found, own), writer.unanswered(found, own)
    for folder, path, none in zip(FOLDERS, (target, unanswered_beside(target)), nobody, strict=True):
        parts = [job.part(folder, chunk) for chunk in job.people.chunks]
        with writing(path), whole_file(path) as whole:
            if job.as_csv:
                none.write(whole, as_csv=True)
                with whole.open("ab") as file:
                    for part in parts:
                        file.write(part.read_bytes())
            else:
                with pq.ParquetWriter(whole, none.table.schema, write_page_checksum=True) as file:
                    for part in parts:
                        file.write_table(pq.read_table(part))
    shutil.rmtree(job.folder)
