"""python -m benchmarks.studies.differences."""

import sys

from benchmarks.studies.differences.table import command

if __name__ == "__main__":
    sys.exit(command.main())
