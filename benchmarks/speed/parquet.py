"""People in Parquet answered and learned from by row groups, against one frame of them all: time and peak memory.

python -m benchmarks.speed.parquet --answered 32768 --read 400000

People are Adult's, drawn again and again, each with an fnlwgt of its own. Peak MB are what the work adds to a process
that has loaded everything, and quarter_peak_mb the same for a quarter of the people: what is read by row groups should
need no more for more. The last row is the two worker processes of a Dask cluster that is there, against one process.
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

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.speed.alternate import alternate, in_turn
from benchmarks.speed.command import finish, parse, timing_parser
from carla_genre import GenRe, load_dataset
from carla_genre.cluster import load_distributed
from carla_genre.datasets.adult import load_adult
from carla_genre.evaluation.environment import peak_memory_mb
from carla_genre.generator.pairing.pairs import split_rows
from carla_genre.parquet import ParquetRows, answer_parquet
from carla_genre.protocol.classifiers import train_by_name
from carla_genre.schema.training_rows import Sides

ROW_GROUP = 1 << 12
# Where worker processes find what was trained.
FOLDER = "CARLA_GENRE_SPEED_PARQUET"


def classifier() -> Any:
    """The paper's network on Adult after a few epochs, trained once and kept in the folder."""
    data = load_dataset("adult")
    columns = [column for column in data.df_train.columns if column != data.target]
    folder = Path(os.environ[FOLDER])
    return train_by_name("ann", data, columns, balanced=True, seed=0, folder=folder, epochs=3).mlmodel


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


def answer_by_groups(genre: GenRe, people: Path, **options: Any) -> None:
    """Ours: from Parquet to Parquet."""
    out = people.with_suffix(".answers")
    shutil.rmtree(out, ignore_errors=True)
    named = options and f"{__spec__.name}:classifier"  # workers load the classifier by its name
    answer_parquet(checkpoint(), named or genre._mlmodel, people, out, verbose=False, **options)


def answer_frame(genre: GenRe, people: Path) -> None:
    """The reference: the whole file as a frame, as one would write it in a notebook."""
    raw = pd.read_parquet(people)
    encoded = genre._mlmodel.data.transform(raw)
    denied = encoded[genre._mlmodel.predict_proba(encoded)[:, 1] <= 0.5]
    answers = genre.get_counterfactuals(denied).dropna()
    genre._mlmodel.data.inverse_transform(answers).to_parquet(people.with_suffix(".frame.parquet"))


def read_by_groups(genre: GenRe, people: Path) -> Sides:
    """Ours: D_h- and D_h+ of a file."""
    source = ParquetRows(people, folder=people.parent)
    return source.sides(genre.classifier, genre.generator.config.pairs, verbose=False)


def read_frame(genre: GenRe, people: Path) -> Sides:
    """The reference: D_h- and D_h+ of the whole file as a frame."""
    data = genre._mlmodel.data
    encoded = data.transform(pd.read_parquet(people))
    values = genre.schema.encode(encoded)
    labels = encoded[data.target].to_numpy()
    denied, accepted = split_rows(labels, genre.scores(values), genre.generator.config.pairs)
    return Sides(values[denied], values[accepted])


WORK: dict[str, dict[str, Callable[[GenRe, Path], Any]]] = {
    "answered": {"ours": answer_by_groups, "reference": answer_frame},
    "read": {"ours": read_by_groups, "reference": read_frame},
}


def checkpoint() -> Path:
    """The trained generator's file."""
    return Path(os.environ[FOLDER]) / "genre.safetensors"


def train() -> GenRe:
    """A generator, as it is loaded; the time of an answer does not depend on how well it is trained."""
    mlmodel = classifier()
    hyperparams = {"selection": "validity", "training": {"steps": 100}, "top_k": 20, "verbose": False}
    GenRe(mlmodel, hyperparams).save(checkpoint())
    return GenRe.load(checkpoint(), mlmodel)


def people_file(n: int) -> Path:
    """Written once."""
    path = Path(os.environ[FOLDER]) / f"people_{n}.parquet"
    if not path.exists():
        write_people(path, n)
    return path


def _peak(kind: str, which: str, people: Path) -> float:
    """Megabytes that the work adds to what its process had before."""
    genre = GenRe.load(checkpoint(), classifier())
    WORK[kind][which](genre, people_file(200))  # what the libraries take once
    with contextlib.suppress(OSError):  # Linux forgets the peak of what was loaded
        Path("/proc/self/clear_refs").write_text("5")
    before = peak_memory_mb()
    WORK[kind][which](genre, people)
    return peak_memory_mb() - before


def measure(genre: GenRe, kind: str, n: int, runs: int) -> dict[str, float]:
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
    figures = in_turn(lambda: ours(genre, people), lambda: reference(genre, people), runs)
    return {**figures, **row, "people_a_second": n / figures["ours_s"]}


def figures(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """All rows of the table."""
    genre = train()
    rows = {
        "answers, one frame": measure(genre, "answered", options.answered, options.runs),
        "training rows, one frame": measure(genre, "read", options.read, options.runs),
    }
    people = people_file(options.answered)
    local = load_distributed().LocalCluster(2, threads_per_worker=1, processes=True, dashboard_address=None)
    with local:
        there = local.scheduler_address
        rows["answers by two workers, one process"] = alternate(
            lambda: answer_by_groups(genre, people, cluster=there),
            lambda: answer_by_groups(genre, people),
            options.runs,
        )
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = timing_parser("parquet", __doc__, runs=3)
    parser.add_argument("--answered", type=int, default=32_768, help="people to answer")
    parser.add_argument("--read", type=int, default=400_000, help="rows to learn from")
    options = parse(parser, arguments, quick={"answered": 400, "read": 800, "runs": 1})
    with tempfile.TemporaryDirectory(prefix="carla-genre-") as folder:
        os.environ[FOLDER] = folder
        try:
            finish(options, figures(options))
        finally:
            del os.environ[FOLDER]


if __name__ == "__main__":
    main()
