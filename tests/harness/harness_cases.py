"""What the harness is tested with: a table beside the grid, and what two runs must agree in."""

LOANS = {"name": "loans", "csv": "loans.csv", "target": "granted", "immutables": ["sex"], "test_size": 0.5}


def measures(record):
    """The part of a record that is the same in every run: what was measured, without times and memory."""
    kept = ("cell", "key", "scores", "rows", "constrained", "hyperparams")
    return {name: record[name] for name in kept if name in record} | {"checks": record["setting"]["checks"]}
