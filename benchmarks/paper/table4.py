"""Table 4: GenRe beside TabSyn, a diffusion model, used in two ways; cells of table2.yaml.

python -m benchmarks.paper.table4 --root FOLDER
"""

import sys

from benchmarks.paper.command import Command, tables
from benchmarks.paper.comparison import Comparison

NAMES = {
    **{label: label for label in ("TabSyn+Q", "TabSyn+SVDD, lambda 5", "TabSyn+SVDD, lambda 10")},
    "GenRe, validity": "GenRe, lambda 5",
    "GenRe": "GenRe, lambda 5, by expected Score",
}

_comparison = Comparison(NAMES)
compared, markdown = _comparison.compared, _comparison.markdown
COMMAND = Command("table4", __doc__, tables(compared, markdown), "table2.yaml", list(NAMES))
main = COMMAND.main

if __name__ == "__main__":
    sys.exit(main())
