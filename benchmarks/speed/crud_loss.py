"""A training step of CRUD's autoencoder with the repaired loss, against the same with CARLA's own.

python -m benchmarks.speed.crud_loss --columns 7 --batch 32
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import torch

from benchmarks.speed.alternate import alternate
from benchmarks.speed.command import finish, parse, timing_parser

from carla.recourse_methods.autoencoder import CSVAE
from carla.recourse_methods.autoencoder.losses import losses

HIDDEN_AND_LATENT = (512, 256, 8)  # table 8's


def measure(n_columns: int, n_rows: int, steps: int, runs: int) -> dict[str, float]:
    """Both losses on the same network and batch, after a check that they agree."""
    plain = {"torch": torch, "nn": torch.nn, "dists": torch.distributions}
    own: Callable[..., Any] = FunctionType(losses.csvae_loss.__code__, plain)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = CSVAE("", [n_columns, *HIDDEN_AND_LATENT])
        rows = torch.rand(n_rows, n_columns)
        labels = torch.nn.functional.one_hot(torch.randint(0, 2, (n_rows,)), 2)

        def train(loss: Callable[..., Any]) -> float:
            torch.manual_seed(0)  # the network draws its latent points
            for _ in range(steps):
                network.zero_grad()
                value = loss(network, rows, labels)[0]
                value.backward()
            last: float = value.item()
            return last

        torch.testing.assert_close(train(losses.csvae_loss), train(own), rtol=1e-4, atol=1e-4)
        return alternate(lambda: train(losses.csvae_loss), lambda: train(own), runs)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = timing_parser("crud_loss", __doc__, runs=5)
    parser.add_argument("--columns", type=int, default=7, help="of the encoded data; COMPAS has 7")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=20, help="training steps a run")
    options = parse(parser, arguments, quick={"steps": 2, "runs": 1})
    finish(options, {"CARLA loss": measure(options.columns, options.batch, options.steps, options.runs)})


if __name__ == "__main__":
    main()
