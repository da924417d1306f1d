"""What is given as files and on the command line: damaged bytes and odd arguments. A case is right or one error."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import yaml
from hypothesis import strategies as st

from benchmarks.reliability.odd import Draw, damaged
from benchmarks.reliability.promises import result_or_error, same
from benchmarks.reliability.surfaces import ONE_STEP, World
from benchmarks.reliability.world import applicants, recourse
from carla_genre import GenRe, Recourse, load_dataset
from carla_genre.files.table import open_table
from carla_genre.generator import training_state
from carla_genre.harness import Paths, read_grid, read_rows, run_grid
from carla_genre.harness.measure import measure_or_fail
from carla_genre.report import write_report


class Desk(World):
    """A world with files in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._number = folder, itertools.count()

    def new(self, suffix: str = "") -> Path:
        """A path that nothing has yet."""
        return self.folder / f"{next(self._number)}{suffix}"

    @cached_property
    def files(self) -> dict[str, Path]:
        """A whole file of each kind that this package reads, by its kind."""
        files = {kind: self.new(suffix) for kind, suffix in _SUFFIXES.items()}
        self.methods["expected"].save(files["generator"])
        applicants().to_csv(files["table"], index=False)
        applicants(60, 1).drop(columns="approved").to_parquet(files["people"], row_group_size=25)
        applicants(200, 2).to_parquet(files["training rows"], row_group_size=90)
        files["table"].with_name("loans.csv").write_bytes(files["table"].read_bytes())
        files["settings"].write_text(yaml.safe_dump({"hyperparams": ONE_STEP}))
        files["grid"].write_text(yaml.safe_dump(_GRID, sort_keys=False))
        self._keep_checkpoint(files["checkpoint"])
        self.measured.mkdir()
        (files["record"],) = _measure(self.measured, files["grid"])
        files["rows"] = self.measured / "rows.parquet"
        files["part"], files["manifest"] = self.job / "options" / "part-000001.parquet", self.job / "job.json"
        files["done"] = self.job / "done" / "part-000001.json"
        applicants(60, 1).drop(columns="approved").to_csv(files["people as CSV"], index=False)
        self.recourse.recommend_files(files["people"], self.job)
        self.recourse.save(self.saved, with_training_rows=True)
        files["card"] = self.saved / "recourse.json"
        return files

    @cached_property
    def recourse(self) -> Recourse:
        """The door for raw rows."""
        return recourse()

    @property
    def saved(self) -> Path:
        """Its folder."""
        return self.folder / "loans.genre"

    @property
    def measured(self) -> Path:
        """Folder of a record."""
        return self.folder / "measured"

    @property
    def job(self) -> Path:
        """Folder of answers."""
        return self.folder / "job"

    def _keep_checkpoint(self, path: Path) -> None:
        """The first checkpoint of a training, which a training that ends removes."""
        first: list[bytes] = []
        save = training_state.save

        def keep(file: Path, *arguments: Any) -> None:
            save(file, *arguments)
            first.append(file.read_bytes())

        with mock.patch.object(training_state, "save", keep):
            self.weights = _weights(self.resumed(path))
        path.write_bytes(first[0])

    def resumed(self, path: Path) -> GenRe:
        """A training that goes on from a checkpoint, where there is one."""
        training = {"steps": 4, "batch_size": 32, "evaluations": 4, "checkpoint": str(path)}
        return GenRe(self.mlmodel, {**ONE_STEP, "training": training})


_SUFFIXES = {
    "generator": ".safetensors",
    "checkpoint": ".pt",
    "table": ".csv",
    "people": ".parquet",
    "people as CSV": ".csv",
    "training rows": ".parquet",
    "grid": ".yaml",
    "settings": ".yaml",
}
_GRID: dict[str, Any] = {
    "data": [{"name": "loans", "csv": "loans.csv", "target": "approved", "immutables": ["age"]}],
    "seeds": [0],
    "people": 5,
    "retrained": 0,
    "recourse_methods": {"CopyFactual": None, "near": {"method": "NNR"}},
}


def files(desk: Desk, draw: Draw) -> str:
    """A file is damaged, then read: what is read is what was written, or one error tells of it."""
    kind = draw(st.sampled_from(list(_READERS)))
    whole = desk.files[kind]
    content = damaged(whole.read_bytes(), draw)
    with tempfile.TemporaryDirectory(dir=desk.folder) as folder:
        return _READERS[kind](desk, Path(folder), content)


def _read_generator(desk: Desk, folder: Path, content: bytes) -> str:
    path = _written(folder / "generator.safetensors", content)
    method, outcome = result_or_error(lambda: GenRe.load(path, desk.mlmodel))
    assert method is None or same(method.get_counterfactuals(desk.factuals), desk.answers["expected"])
    _, warm = result_or_error(lambda: GenRe(desk.mlmodel, {**ONE_STEP, "warm_start": str(path)}))
    assert (warm == "right") == (outcome == "right"), "a damaged file is taken as a warm start"
    return outcome


def _read_checkpoint(desk: Desk, folder: Path, content: bytes) -> str:
    path = _written(folder / "state.pt", content)
    method, outcome = result_or_error(lambda: desk.resumed(path))
    assert method is None or np.array_equal(_weights(method), desk.weights), "another training"
    return outcome


def _read_table(desk: Desk, folder: Path, content: bytes) -> str:
    path = _written(folder / "table.csv", content)
    return result_or_error(lambda: load_dataset(path, target="approved", quiet=True))[1]


def _read_people(name: str) -> Callable[[Desk, Path, bytes], str]:
    def read(desk: Desk, folder: Path, content: bytes) -> str:
        path = _written(folder / name, content)
        return result_or_error(lambda: desk.recourse.recommend_files(path, folder / "out"))[1]

    return read


def _read_training_rows(desk: Desk, folder: Path, content: bytes) -> str:
    path = _written(folder / "rows.parquet", content)
    return result_or_error(lambda: open_table(path).sample(50, 0))[1]


def _read_card(desk: Desk, folder: Path, content: bytes) -> str:
    copy = shutil.copytree(desk.saved, folder / "saved")
    _written(copy / "recourse.json", content)
    given = desk.recourse.classifier, applicants()
    return result_or_error(lambda: Recourse.load(copy, *given))[1]


def _read_grid(desk: Desk, folder: Path, content: bytes) -> str:
    return result_or_error(lambda: read_grid(_written(folder / "grid.yaml", content)))[1]


def _read_record(desk: Desk, folder: Path, content: bytes) -> str:
    copy = shutil.copytree(desk.measured, folder / "measured")
    _written(copy / desk.files["record"].name, content)
    return result_or_error(lambda: write_report([copy], folder / "report.html"))[1]


def _read_rows(desk: Desk, folder: Path, content: bytes) -> str:
    _written(folder / "rows.parquet", content)
    rows, outcome = result_or_error(lambda: read_rows(folder))
    assert rows is None or rows.empty or rows.equals(read_rows(desk.measured)), "other rows"
    return outcome


def _read_job(name: str) -> Callable[[Desk, Path, bytes], str]:
    def read(desk: Desk, folder: Path, content: bytes) -> str:
        copy = shutil.copytree(desk.job, folder / "job")
        _written(copy / name, content)
        people = desk.files["people"]
        answered, outcome = result_or_error(lambda: desk.recourse.recommend_files(people, copy))
        assert answered is None or sum(answered.counts) == 60, "rows are lost"
        return outcome

    return read


_READERS: Mapping[str, Callable[[Desk, Path, bytes], str]] = {
    "generator": _read_generator,
    "checkpoint": _read_checkpoint,
    "table": _read_table,
    "people": _read_people("people.parquet"),
    "people as CSV": _read_people("people.csv"),
    "training rows": _read_training_rows,
    "grid": _read_grid,
    "record": _read_record,
    "rows": _read_rows,
    "card": _read_card,
    "part": _read_job("options/part-000001.parquet"),
    "done": _read_job("done/part-000001.json"),
    "manifest": _read_job("job.json"),
}


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _weights(method: GenRe) -> np.ndarray:
    return np.concatenate([part.detach().numpy().ravel() for part in method.generator.parameters()])


def _measure(folder: Path, grid: Path) -> list[Path]:
    """One cell of the grid, measured in this process."""
    paths = Paths(tables=str(grid.parent), cache=str(grid.parent / "cache"))
    run_grid(read_grid(grid, only=["CopyFactual"]), folder, paths, measure_one=measure_or_fail)
    return list(folder.glob("*.json"))
