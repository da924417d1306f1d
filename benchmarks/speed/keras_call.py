"""Probabilities of a Keras classifier by `predict_proba`, against `Model.predict` of Keras.

python -m benchmarks.speed.keras_call --people 20
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import numpy as np

from benchmarks.speed.alternate import alternate, show
from carla_genre import load_dataset
from carla_genre.harness.record import write

from carla import MLModelCatalog


def measure(n_people: int, calls: int, runs: int) -> dict[str, float]:
    """Both ways on the same people of Adult, after a check that they agree."""
    data = load_dataset("adult")
    model = MLModelCatalog(data, "ann", backend="tensorflow", load_online=False)
    model.train(learning_rate=0.002, epochs=1, batch_size=4096, hidden_size=[10, 10])
    people = model.get_ordered_features(data.df_test.head(n_people))
    values = people.to_numpy(np.float32)
    np.testing.assert_allclose(
        model.predict_proba(people), model.raw_model.predict(values, verbose=0), rtol=1e-5
    )
    return alternate(
        lambda: [model.predict_proba(people) for _ in range(calls)],
        lambda: [model.raw_model.predict(values, verbose=0) for _ in range(calls)],
        runs,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.keras_call", description=__doc__)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--calls", type=int, default=20, help="calls a run")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path, help="file to write")
    options = parser.parse_args(arguments)
    figures = measure(options.people, options.calls, options.runs)
    show(f"{options.calls} calls for {options.people} people", figures)
    if options.json:
        settings = {name: value for name, value in vars(options).items() if name != "json"}
        versions = {name: metadata.version(name) for name in ("keras", "tensorflow")}
        write(options.json, {**settings, **versions}, figures)


if __name__ == "__main__":
    main()
