"""Table 13: GenRe trained on a share of Adult's rows, with the seconds that this takes.

python -m benchmarks.paper.table13
"""

import sys

from benchmarks.paper.command import Command, tables
from benchmarks.paper.comparison import Comparison

NAMES = {
    **{f"GenRe, {share} % of the rows": f"GenRe, {share} % of the rows" for share in (10, 20, 40, 80)},
    "GenRe, validity": "GenRe, all rows",
    "GenRe": "GenRe, all rows, by expected Score",
}

_comparison = Comparison(NAMES, training=True)
compared, markdown = _comparison.compared, _comparison.markdown
COMMAND = Command("table13", __doc__, tables(compared, markdown), "table13.yaml")
main = COMMAND.main

if __name__ == "__main__":
    sys.exit(main())
