"""Every measured figure of the README and of the documentation comes from a JSON of benchmarks/results."""
