"""The paper's tables and figures, on the paper's protocol."""

from benchmarks.paper.interrupt import leave_during_imports

leave_during_imports()
