"""The demo's classifier: CARLA's own network, trained by CARLA's own code."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from typing import Any

import torch

from carla_genre.demo.progress import Lines, quiet_carla
from carla_genre.errors import InputError
from carla_genre.progress import bar
from carla_genre.threads import processor_threads

HIDDEN = [18, 9]
BATCH, EPOCHS, STEPS = 1024, 10, 600  # the steps are for small data: more epochs of smaller batches


def train_classifier(data: Any, seed: int) -> Any:
    """Train ``MLModelCatalog(data, "ann", "pytorch")``.

    CARLA keeps what it trains below the user's home, and takes it from there the next time; the demo
    works in a folder that is removed, and leaves the global random state as it was.

    Raises
    ------
    InputError
        The classifier gives all test rows the same decision.
    """
    from carla import MLModelCatalog

    n_rows = len(data.df_train)
    batch_size = min(BATCH, max(32, n_rows // 32))
    epochs = EPOCHS if batch_size == BATCH else max(EPOCHS, STEPS * batch_size // n_rows)
    mlmodel = MLModelCatalog(data, "ann", "pytorch", load_online=False)
    devices = list(range(torch.cuda.device_count()))
    with (
        _models_elsewhere(),
        torch.random.fork_rng(devices=devices),
        quiet_carla(),
        processor_threads(1),
        bar("train h", epochs, lines=True) as done,
        contextlib.redirect_stdout(Lines("Epoch", done)),  # type: ignore[type-var]
    ):
        torch.manual_seed(seed)
        mlmodel.train(
            learning_rate=0.002, epochs=epochs, batch_size=batch_size, hidden_size=HIDDEN, force_train=True
        )
    return mlmodel


def accepted_share(mlmodel: Any, rows: Any) -> float:
    """Share of rows that h accepts.

    Raises
    ------
    InputError
        It accepts all, or none: there is no recourse to give.
    """
    with quiet_carla():
        share = float((mlmodel.predict(rows)[:, 0] > 0.5).mean())
    if share in (0.0, 1.0):
        decision = "denies" if share == 0 else "accepts"
        raise InputError(
            f"the classifier {decision} every test row of {mlmodel.data.name!r}: "
            "there is no recourse to learn; try another --seed, or a target that the columns can tell"
        )
    return share


@contextlib.contextmanager
def _models_elsewhere() -> Iterator[None]:
    before = os.environ.get("CF_MODELS")
    with tempfile.TemporaryDirectory(prefix="carla-genre-") as folder:
        os.environ["CF_MODELS"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["CF_MODELS"]
            else:
                os.environ["CF_MODELS"] = before
