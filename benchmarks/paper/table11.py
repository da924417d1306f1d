"""Table 11: GenRe over the temperature tau of the bins and the width sigma of what is drawn in one.

python -m benchmarks.paper.table11 --root FOLDER
"""

import sys

from benchmarks.paper.command import Command, tables
from benchmarks.paper.comparison import Comparison

LABELS = [f"GenRe, tau {tau}, sigma 2e-{digits}" for digits in range(7, 1, -1) for tau in (5, 10, 15)]

_comparison = Comparison({**{label: label for label in LABELS}, "GenRe": "GenRe, tau 1, by expected Score"})
compared, markdown = _comparison.compared, _comparison.markdown
COMMAND = Command("table11", __doc__, tables(compared, markdown), "table11.yaml")
main = COMMAND.main

if __name__ == "__main__":
    sys.exit(main())
