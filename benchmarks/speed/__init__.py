"""Timing against plain references, as ratios of runs that alternate in one process."""
