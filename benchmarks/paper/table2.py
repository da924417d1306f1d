"""Tables 2 and 10: every method's Cost, Val, LOF and Score, ours beside the paper's.

python -m benchmarks.paper.table2 --root FOLDER
"""

import sys
from pathlib import Path

import yaml

from benchmarks.paper.command import Command, tables
from benchmarks.paper.comparison import Comparison

_grid = Path(__file__).with_name("table2.yaml")
LABELS = tuple(yaml.safe_load(_grid.read_text(encoding="utf-8"))["recourse_methods"])

_comparison = Comparison({label: label for label in LABELS})
compared, markdown = _comparison.compared, _comparison.markdown
COMMAND = Command("table2", __doc__, tables(compared, markdown), _grid.name)
main = COMMAND.main

if __name__ == "__main__":
    sys.exit(main())
