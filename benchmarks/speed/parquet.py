"""People in Parquet answered and sampled chunk by chunk, against one frame of them all: time and peak memory.

python -m benchmarks.speed.parquet --answered 200000 --read 2000000

People are Adult's, drawn again and again, each with an fnlwgt of its own; the classifier is a pipeline on the raw rows.
Peak MB are what the work adds to a process that has loaded everything, and quarter_peak_mb the same for a quarter of
the people: what is read by chunks should need no more for more. The last row is the two worker processes of a Dask
cluster that is there, against one process.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks.speed.alternate import alternate, in_turn
from benchmarks.speed.command import finish, parse, timing_parser
from carla_genre import Recourse
from carla_genre.cluster import load_distributed
from carla_genre.datasets.adult import load_adult
from carla_genre.evaluation.environment import memory_since_mb, peak_memory_mb
from carla_genre.files.table import open_table

ROW_GROUP = 1 << 12
# Rows that are learned from, of however many there are.
SAMPLE = 20_000
# Where processes find what was trained.
FOLDER = "CARLA_GENRE_SPEED_PARQUET"


def write_people(path: Path, n: int) -> None:
    """Rows of Adult with their label, a row group in memory at a time."""
    train = load_adult().train
    random, writer = np.random.default_rng(0), None
    for start in range(0, n, ROW_GROUP):
        rows = train.sample(min(ROW_GROUP, n - start), replace=True, random_state=random.integers(2**31))
        rows = rows.assign(fnlwgt=random.integers(20_000, 400_000, len(rows)))
        table = pa.Table.from_pandas(rows, preserve_index=False)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


def answer_by_chunks(recourse: Recourse, people: Path, **options: Any) -> None:
    """Ours: from Parquet to Parquet."""
    out = people.with_suffix(".options")
    shutil.rmtree(out, ignore_errors=True)
    recourse.recommend_files(people, out, **options)


def answer_frame(recourse: Recourse, people: Path) -> None:
    """The reference: the whole file as a frame, as one would write it in a notebook."""
    recourse.recommend(pd.read_parquet(people)).to_parquet(people.with_suffix(".frame.parquet"))


def sample_by_chunks(recourse: Recourse, people: Path) -> pd.DataFrame:
    """Ours: as many rows as are learned from, the others never in memory together."""
    return open_table(people).sample(SAMPLE, 0)


def sample_frame(recourse: Recourse, people: Path) -> pd.DataFrame:
    """The reference: the whole file as a frame, then as many of its rows."""
    rows = pd.read_parquet(people)
    return rows.sample(min(SAMPLE, len(rows)), random_state=0)


WORK: dict[str, dict[str, Callable[[Recourse, Path], Any]]] = {
    "answered": {"ours": answer_by_chunks, "reference": answer_frame},
    "read": {"ours": sample_by_chunks, "reference": sample_frame},
}


def train() -> Recourse:
    """A pipeline and its recourse, kept for other processes; the time does not depend on how well it is trained."""
    table = load_adult().train
    features = table.drop(columns="income")
    numbers = make_column_selector(dtype_include="number")
    before = make_column_transformer(
        (StandardScaler(), numbers), remainder=OneHotEncoder(handle_unknown="ignore")
    )
    pipeline = make_pipeline(before, LogisticRegression(max_iter=1000)).fit(features, table["income"])
    given = {"selection": "validity", "training": {"steps": 100}, "top_k": 20, "verbose": False}
    recourse = Recourse(pipeline, table, "income", hyperparams=given, verbose=False)
    joblib.dump(recourse, _trained())
    return recourse


def _trained() -> Path:
    return Path(os.environ[FOLDER]) / "recourse.joblib"


def people_file(n: int) -> Path:
    """Written once."""
    path = Path(os.environ[FOLDER]) / f"people_{n}.parquet"
    if not path.exists():
        write_people(path, n)
    return path


def _peak(kind: str, which: str, people: Path) -> float:
    """Megabytes that the work adds to what its process had before."""
    recourse = joblib.load(_trained())
    WORK[kind][which](recourse, people_file(200))  # what the libraries take once
    with contextlib.suppress(OSError):  # Linux forgets the peak of what was loaded
        Path("/proc/self/clear_refs").write_text("5")
    before = peak_memory_mb()
    WORK[kind][which](recourse, people)
    return memory_since_mb(before)


def measure(recourse: Recourse, kind: str, n: int, runs: int) -> dict[str, float]:
    """Both ways on the same people."""
    row: dict[str, float] = {}
    people, quarter = people_file(n), people_file(n // 4)
    for name, which, path in (
        ("ours_peak_mb", "ours", people),
        ("reference_peak_mb", "reference", people),
        ("quarter_peak_mb", "ours", quarter),
    ):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            row[name] = pool.apply(_peak, (kind, which, path))
    ours, reference = WORK[kind]["ours"], WORK[kind]["reference"]
    figures = in_turn(lambda: ours(recourse, people), lambda: reference(recourse, people), runs)
    return {**figures, **row, "people_a_second": n / figures["ours_s"]}


def figures(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """All rows of the table."""
    recourse = train()
    rows = {
        "answers, one frame": measure(recourse, "answered", options.answered, options.runs),
        "a sample of training rows, one frame": measure(recourse, "read", options.read, options.runs),
    }
    people = people_file(options.answered)
    local = load_distributed().LocalCluster(2, threads_per_worker=1, processes=True, dashboard_address=None)
    with local:
        there = local.scheduler_address
        rows["answers by two workers, one process"] = alternate(
            lambda: answer_by_chunks(recourse, people, cluster=there),
            lambda: answer_by_chunks(recourse, people),
            options.runs,
        )
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = timing_parser("parquet", __doc__, runs=3)
    parser.add_argument("--answered", type=int, default=200_000, help="people to answer")
    parser.add_argument("--read", type=int, default=2_000_000, help="rows to take a sample of")
    options = parse(parser, arguments, quick={"answered": 400, "read": 800, "runs": 1})
    with tempfile.TemporaryDirectory(prefix="carla-genre-") as folder:
        os.environ[FOLDER] = folder
        try:
            finish(options, figures(options))
        finally:
            del os.environ[FOLDER]


if __name__ == "__main__":
    main()
