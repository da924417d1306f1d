"""Studies that are finished: what they measured stands in benchmarks/results."""
