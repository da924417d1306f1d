"""python -m benchmarks.paper.differences."""

import sys

from benchmarks.paper.differences.table import command

if __name__ == "__main__":
    sys.exit(command.main())
