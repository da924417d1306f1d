"""Constraints that are said when asking: one generator for any of them, beside methods that are made anew."""
