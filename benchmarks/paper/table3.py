"""Tables 3 and 12: nearest neighbours beside GenRe, by the paper's rule, over lambda, the weight of the cost.

python -m benchmarks.paper.table3 --root FOLDER
"""

import sys

from benchmarks.paper.command import Command, tables
from benchmarks.paper.comparison import Comparison

NAMES = {
    **{label: label for label in ("NNR", "NNR-gamma", "NNR-D_h+")},
    **{f"GenRe, lambda {value}": f"GenRe, lambda {value}" for value in ("0.5", "1", "2.5")},
    "GenRe, validity": "GenRe, lambda 5",
    "GenRe, lambda 10": "GenRe, lambda 10",
    "GenRe": "GenRe, lambda 5, by expected Score",
}

_comparison = Comparison(NAMES)
compared, markdown = _comparison.compared, _comparison.markdown
COMMAND = Command("table3", __doc__, tables(compared, markdown), "table3.yaml")
main = COMMAND.main

if __name__ == "__main__":
    sys.exit(main())
