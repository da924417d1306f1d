"""A module of one's own that cannot be imported, for a reason that is no ImportError."""

raise RuntimeError("no licence")
