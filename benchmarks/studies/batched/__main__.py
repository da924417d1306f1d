"""python -m benchmarks.studies.batched."""

import sys

from benchmarks.studies.batched.table import command

if __name__ == "__main__":
    sys.exit(command.main())
