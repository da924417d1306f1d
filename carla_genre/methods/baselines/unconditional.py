"""The unconditional ablation of GenRe (Garg, Nagalapatti and Sarawagi, ICLR 2025, section 5.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch

from carla_genre.blackbox import BlackBox
from carla_genre.errors import InputError
from carla_genre.generator.bins import Bins
from carla_genre.generator.config import Binning, Fitting, GeneratorConfig, SamplingConfig, Stack
from carla_genre.generator.fitting import fit
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairing.pairs import Pairs, TablePairs
from carla_genre.generator.randomness import row_keys, sample_categorical, uniforms
from carla_genre.generator.sampler import sample
from carla_genre.methods.core.base import MethodOptions, SchemaMethod
from carla_genre.methods.genre import hyperparameters as genre
from carla_genre.methods.genre.hyperparameters import GenReOptions
from carla_genre.options import check, option, option_of, values_for
from carla_genre.selection.by_h import most_valid

# Candidates that are held at a time; bounds memory, changes no answer.
BLOCK = 1 << 18
# A density that is drawn from as it is, and that has no exact targets, takes more steps than a recourse model's mode.
_LONGER: Mapping[str, Any] = {"steps": 600, "batch_size": 512}
# The sampler's own numbers use the streams 0 to 2 D - 1.
RESAMPLING_STREAM = 1 << 20


@dataclass(frozen=True)
class UnconditionalOptions(MethodOptions):
    preset: str = option_of(GenReOptions, "preset")
    lambda_: float = option_of(GenReOptions, "lambda_")
    gamma: float = option_of(GenReOptions, "gamma")
    n_bins: int = option_of(GenReOptions, "n_bins")
    binning: str = option_of(GenReOptions, "binning")
    n_candidates: int = option(1000, "N, draws from P(x+|y+) a factual.", "[1, inf)")
    n_samples: int = option(10, "Of the N, draws by their weights.", "[1, inf)")
    selection: str = option(
        "validity",
        '"validity": of the draws by weight, the one with the highest h (GenRe\'s rule). "cheapest": of all N, the '
        "cheapest with h > gamma, which is the one of largest weight.",
        ("validity", "cheapest"),
    )
    temperature: float = option_of(
        GenReOptions, "temperature", meaning="Logits are multiplied by it; 1 draws from the density itself."
    )
    architecture: Stack = option(Stack(decoder_layers=4), "The transformer's shape.")
    training: Fitting = option(Fitting(**_LONGER), "How the transformer is fitted.")


class Unconditional(SchemaMethod):
    """Recourse from an unconditional density: draws from P(x+|y+), weighed by cost and validity.

    What GenRe would be without conditioning on the factual: the same transformer, bins and training, but
    without the factual's side and with twice the layers, learns P(x+|y+) from D_h+ once; every factual is
    answered from draws of it.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
        The classifier, a black box.
    hyperparams : mapping, optional
        The options below: GenRe's as far as they apply, but with twice its decoder layers and longer training. The
        preset "paper" has its own ``n_bins``, ``binning``, ``architecture`` and ``training``.

    Attributes
    ----------
    generator : Generator
        The trained P(x+|y+), its features in the order of ``order``.
    order : ndarray (D,), int
        The features' order in the generator: immutable ones first.
    history : History
        Losses of the training.

    Raises
    ------
    InputError
        A hyperparameter is wrong, or D_h+ is empty.

    Notes
    -----
    The target is that of GenRe, eq. 5: R(x+|x) ~ exp(-lambda C(x, x+)) P(x+|y+) V(x+), V(x+) being 1 where
    h(x+) > gamma. With draws x_1 ... x_N from P(x+|y+), drawing again with the weights

        w_i = exp(-lambda C(x, x_i)) V(x_i) / sum_j exp(-lambda C(x, x_j)) V(x_j)

    is the importance sampling of theorem 4.1, which is GenRe's Q (eq. 6) with the density's draws in the
    place of the rows of D_h+. As N grows the two methods aim at the same distribution; what is left between
    them is what the density has learned. A factual none of whose draws has h > gamma gets a row of NaN.

    Immutable features come first in the generator's order and are given the factual's values, so that the
    other features are drawn from P(x+|y+, x+_immutable = x_immutable) exactly: nothing is rejected. The
    paper leaves open how candidates are drawn and chosen; the weights and this choice are ours.
    """

    OPTIONS = UnconditionalOptions()

    def __init__(self, mlmodel: BlackBox, hyperparams: Mapping[str, Any] | None = None) -> None:
        values = check(self.options_for(hyperparams), hyperparams, "Unconditional")
        shape = {**values["architecture"], "kind": "decoder", "encoder_layers": 0}
        training = {**values["training"], "conditional": False}
        self._config = GeneratorConfig(
            binning=Binning(values["n_bins"], values["binning"]),
            architecture=genre.to_architecture(shape, "Unconditional"),
            training=genre.to_training(training, (hyperparams or {}).get("training"), "Unconditional"),
        )
        super().__init__(mlmodel, hyperparams)

    @classmethod
    def options_for(cls, hyperparams: Mapping[str, Any] | None) -> UnconditionalOptions:
        """The options, with the named preset's defaults."""
        given = hyperparams if isinstance(hyperparams, Mapping) else {}
        base = genre.options_for({"preset": given.get("preset")})
        stack = Stack(**values_for(Stack, vars(base.architecture)))
        longer = _LONGER if base.preset == "default" else {}
        return UnconditionalOptions(
            **{name: getattr(base, name) for name in ("preset", "n_bins", "binning", "threads")},
            architecture=replace(stack, decoder_layers=2 * stack.decoder_layers),
            training=Fitting(**{**values_for(Fitting, vars(base.training)), **longer}),
        )

    def _prepare(self) -> None:
        self.order = np.argsort(~self.schema.immutable, kind="stable")
        values, training = self.hyperparams, self._config.training
        self.generator, self.history = fit(
            self._untrained, training, self.device, values["seed"], values["verbose"], name="Unconditional"
        )
        self.generator.eval()
        self.device = self.generator.device

    def _untrained(self) -> tuple[Generator, Pairs]:
        schema, config = self.schema, self._config
        plain = schema.constraints
        ordered = replace(plain, **{f.name: getattr(plain, f.name)[self.order] for f in fields(plain)})
        rows = self.training_rows.values[self.training_rows.accepted(self.hyperparams["gamma"])]
        rows = rows[:, self.order]
        inside = ordered.inside(rows, ordered.categorical | ordered.immutable)
        if not inside.any():
            raise InputError(
                f"none of the {len(rows)} rows of D_h+ is in the allowed ranges: loosen the constraints"
            )
        bins = Bins.fit(rows[inside], schema.level_counts[self.order], config.binning)
        generator = Generator(config, ordered, bins, bins).to(self.device)
        # A density without a factual's side is fitted to each row as its own target.
        indices = torch.arange(inside.sum(), dtype=torch.int32, device=self.device)[:, None]
        certain = torch.ones(indices.shape, device=self.device)
        targets = rows[inside]
        return generator, TablePairs(sources=targets, targets=targets, neighbours=indices, cumulative=certain)

    def candidates(self, values: np.ndarray) -> np.ndarray:
        """Draws from P(x+|y+), given the immutables of encoded factuals (B, D): (B, N, D)."""
        sampling = SamplingConfig(self.hyperparams["temperature"], 0.0, self.hyperparams["n_candidates"])
        ordered = torch.from_numpy(np.ascontiguousarray(values[:, self.order]))
        drawn = sample(self.generator, ordered, sampling, self.hyperparams["seed"]).numpy()
        candidates = np.empty_like(drawn)
        candidates[..., self.order] = drawn
        return candidates

    def weights(self, values: np.ndarray, candidates: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Each candidate's w_i, (B, N); zeros where none has h > gamma."""
        cost = self.schema.cost(values[:, None], candidates)
        cost[scores <= self.hyperparams["gamma"]] = np.inf
        least = cost.min(axis=1, keepdims=True)
        least[~np.isfinite(least)] = 0.0
        weights = np.exp(-self.hyperparams["lambda_"] * (cost - least))  # the cheapest has 1: no underflow
        weights[~np.isfinite(cost)] = 0.0  # also where lambda is 0
        total = weights.sum(axis=1, keepdims=True)
        shares: np.ndarray = np.divide(weights, total, out=weights, where=total > 0)
        return shares

    def _answer(self, values: np.ndarray) -> np.ndarray:
        size = max(1, BLOCK // self.hyperparams["n_candidates"])
        return np.concatenate([self._choose(values[i : i + size]) for i in range(0, len(values), size)])

    def _choose(self, values: np.ndarray) -> np.ndarray:
        candidates = self.candidates(values)
        scores = self.scores(candidates)
        weights = self.weights(values, candidates, scores)
        if self.hyperparams["selection"] == "cheapest":
            chosen = weights.argmax(axis=1)[:, None]
        else:
            keys = row_keys(torch.from_numpy(values), self.hyperparams["seed"])
            uniform = uniforms(keys, RESAMPLING_STREAM, self.hyperparams["n_samples"])
            chosen = sample_categorical(torch.from_numpy(weights), uniform).numpy()
        rows = np.arange(len(values))[:, None]
        answers = most_valid(candidates[rows, chosen], scores[rows, chosen])
        answers[weights.sum(axis=1) == 0] = np.nan
        return answers
