"""What the harness is tested with: a table beside the grid, and what two runs must agree in."""

from carla_genre.harness import read_rows
from carla_genre.harness.measure import measure
from carla_genre.harness.progress import GridProgress
from carla_genre.harness.record import failure
from carla_genre.harness.rows import split

LOANS = {"name": "loans", "csv": "loans.csv", "target": "granted", "immutables": ["sex"], "test_size": 0.5}
THREE = {
    "NNR": {"hyperparams": {"gamma": 0.5}},
    "RandomAccepted": {"hyperparams": {"gamma": 0.5}},
    "CopyFactual": None,
}


class Log(GridProgress):
    """Keeps the lines."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def say(self, line):
        self.lines.append(line)


def here(cell, paths, *rest):
    """Measure in this process: the run is tested, not the start of a process."""
    try:
        return measure(cell, paths)
    except Exception as error:
        return failure(cell, error)


def measures(record, folder=None):
    """What is the same in every run: what was measured, without times and memory; the rows are the folder's."""
    plain, rows = split(record)
    if folder is not None:
        assert rows is None
        rows = read_rows(folder)
    rows = rows[rows["key"] == record["key"]].dropna(axis="columns", how="all").set_index(["held", "person"])
    kept = ("cell", "key", "scores", "constrained", "hyperparams")
    measured = {name: plain[name] for name in kept if name in plain} | {"checks": record["setting"]["checks"]}
    return measured, rows.sort_index().to_csv()
