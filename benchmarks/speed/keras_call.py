"""Probabilities of a Keras classifier by `predict_proba`, against `Model.predict` of Keras.

python -m benchmarks.speed.keras_call --people 20
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata

import numpy as np

from benchmarks.speed.alternate import alternate
from benchmarks.speed.command import finish, parse, timing_parser
from carla_genre import load_dataset

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
    parser = timing_parser("keras_call", __doc__, runs=25)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--calls", type=int, default=20, help="calls a run")
    options = parse(parser, arguments, quick={"calls": 1, "runs": 1})
    figures = {"Keras predict": measure(options.people, options.calls, options.runs)}
    finish(options, figures, keras=metadata.version("keras"), tensorflow=metadata.version("tensorflow"))


if __name__ == "__main__":
    main()
