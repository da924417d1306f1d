"""What the harness is tested with: a table beside the grid, and what two runs must agree in."""

from carla_genre.harness import read_rows
from carla_genre.harness.rows import split

LOANS = {"name": "loans", "csv": "loans.csv", "target": "granted", "immutables": ["sex"], "test_size": 0.5}


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
