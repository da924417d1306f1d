"""What `carla-genre benchmark` does; its `--help` says what the options mean."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from carla_genre.harness.cell import Cell, Paths
from carla_genre.harness.child import run_in_subprocess
from carla_genre.harness.grid import read_grid
from carla_genre.harness.run import records_of, run_grid
from carla_genre.harness.table import PAGES, markdown, table, write_tables
from carla_genre.io import at_home, check_writable
from carla_genre.loading import find_own_modules
from carla_genre.protocol.cache import default_folder


def run(options: Namespace) -> int:
    """Run a grid and print its table; 0, or 1 where a cell has failed."""
    grid = Path(options.grid)
    folder = Path(options.results or Path("results") / f"{grid.stem}{'-quick' if options.quick else ''}")
    for name in PAGES:
        check_writable(folder / name)
    find_own_modules()
    # The table is also of what --only leaves out; the file may change while the grid runs.
    every = read_grid(grid, options.quick, (), options.data, options.seeds)
    records = measured(options, folder)
    rows = table(records_of(every, folder))
    pages = write_tables(rows, folder)
    print(markdown(rows))
    print(
        f"written: {len(records)} records, {pages[0].name} and {pages[1].name} in {folder}", file=sys.stderr
    )
    return int(any("error" in record for record in records))


def measured(
    options: Namespace, folder: Path, measure_one: Callable[..., dict[str, Any]] = run_in_subprocess
) -> list[dict[str, Any]]:
    """Run what a grid has and a folder has not, say what failed, and give the records of all the chosen cells.

    ``measure_one`` is as :func:`carla_genre.harness.run_grid` takes it.
    """
    find_own_modules()
    cells = read_grid(options.grid, options.quick, options.only, options.data, options.seeds)
    paths = Paths(
        root=None if options.root is None else str(at_home(options.root).resolve()),
        tables=str(Path(options.grid).parent.resolve()),
        cache=str(at_home(options.cache).resolve() if options.cache else default_folder()),
    )
    limits = (options.workers, options.time_limit, options.cluster)
    records = run_grid(cells, folder, paths, *limits, measure_one=measure_one)
    for record in records:
        if "error" in record:
            print(f"failed: {Cell(**record['cell'])}: {record['error']['message']}", file=sys.stderr)
    return records
