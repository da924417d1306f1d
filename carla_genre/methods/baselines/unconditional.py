"""The unconditional ablation of GenRe (Garg, Nagalapatti and Sarawagi, ICLR 2025, section 5.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
import torch

from carla_genre.errors import InputError
from carla_genre.generator.bins import Bins
from carla_genre.generator.config import Binning, GeneratorConfig, SamplingConfig
from carla_genre.generator.fitting import fit
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairing.pairs import Pairs, TablePairs
from carla_genre.generator.randomness import row_keys, sample_categorical, uniforms
from carla_genre.generator.sampler import sample
from carla_genre.generator.training_state import History
from carla_genre.methods.core.base import SchemaMethod
from carla_genre.methods.core.feature_constraints import feature_constraints, level_counts
from carla_genre.methods.core.hyperparameters import Hyperparameter, check
from carla_genre.methods.genre import hyperparameters as genre

# Candidates that are held at a time; bounds memory, changes no answer.
BLOCK = 1 << 18
# A density that is drawn from as it is, and that has no exact targets, takes more steps than a recourse model's mode.
_LONGER = {"steps": 600, "batch_size": 512}
# The sampler's own numbers use the streams 0 to 2 D - 1.
RESAMPLING_STREAM = 1 << 20

_SHARED = ("preset", "lambda_", "gamma", "n_bins", "binning", "n_samples", "selection", "constraints")


def rules(preset: str) -> dict[str, Hyperparameter]:
    """GenRe's hyperparameters as far as they apply, with twice the preset's decoder layers and longer training."""
    known = genre.rules(preset, selection="validity")
    known["selection"] = replace(known["selection"], choices=("validity", "cheapest"))
    of_the_factual = ("kind", "encoder_layers", "summary", "patch")
    architecture = {k: v for k, v in (known["architecture"].group or {}).items() if k not in of_the_factual}
    layers = architecture["decoder_layers"]
    architecture["decoder_layers"] = replace(layers, default=2 * layers.default)
    training = dict(known["training"].group or {})
    del training["conditional"]  # each row is its own target
    if preset == "default":
        training |= {name: replace(training[name], default=value) for name, value in _LONGER.items()}
    return {
        **{name: known[name] for name in _SHARED},
        "temperature": replace(known["temperature"], default=1.0),
        "n_candidates": Hyperparameter(1000, int, low=1),
        **{name: known[name] for name in ("device", "threads", "seed", "verbose")},
        "architecture": replace(known["architecture"], group=architecture),
        "training": replace(known["training"], group=training),
    }


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
        ``preset``, ``lambda_``, ``gamma``, ``n_bins``, ``binning``, ``constraints``, ``device``, ``threads``,
        ``seed``, ``verbose``, ``architecture`` and ``training`` as for :class:`~carla_genre.GenRe`, but with
        twice its decoder layers, longer training and no ``conditional``; besides

        ================  ==========  ====================================================================
        key               default     meaning, range
        ================  ==========  ====================================================================
        ``n_candidates``  1000        N, draws from P(x+|y+) a factual, >= 1
        ``n_samples``     10          of them, draws by their weights, >= 1
        ``selection``     "validity"  of those, the one h likes best (GenRe's rule), or of all candidates
                                      the "cheapest" with h > gamma, which is the one of largest weight
        ``temperature``   1.0         logits are multiplied by it, > 0: 1 draws from the density itself
        ================  ==========  ====================================================================

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

    HYPERPARAMETERS = rules("default")

    def __init__(self, mlmodel: Any, hyperparams: Mapping[str, Any] | None = None) -> None:
        self._config = _to_config(check(self.rules(hyperparams), hyperparams, "Unconditional"), hyperparams)
        super().__init__(mlmodel, hyperparams)

    @classmethod
    def rules(cls, hyperparams: Mapping[str, Any] | None) -> Mapping[str, Hyperparameter]:
        """The hyperparameters, with the named preset's defaults."""
        return rules(genre.preset_of(hyperparams, "Unconditional"))

    def _prepare(self) -> None:
        self.order = np.argsort(~self.schema.immutable, kind="stable")
        values = self.hyperparams
        generator, history = fit(
            self._untrained,
            self._config.training,
            self.device,
            values["seed"],
            values["verbose"],
            name="Unconditional",
        )
        self.generator = generator.eval()
        self.history: History = history
        self.device = generator.device

    def _untrained(self) -> tuple[Generator, Pairs]:
        schema, config = self.schema, self._config
        plain = feature_constraints(schema)
        ordered = replace(plain, **{f.name: getattr(plain, f.name)[self.order] for f in fields(plain)})
        rows = self.training_rows.values[self.training_rows.accepted(self.hyperparams["gamma"])]
        rows = rows[:, self.order]
        inside = ordered.inside(rows, ordered.categorical | ordered.immutable)
        if not inside.any():
            raise InputError(
                f"none of the {len(rows)} rows of D_h+ is in the allowed ranges: loosen the constraints"
            )
        bins = Bins.fit(rows[inside], level_counts(schema)[self.order], config.binning)
        generator = Generator(config, ordered, bins, bins).to(self.device)
        return generator, _with_themselves(rows[inside], self.device)

    def candidates(self, values: np.ndarray) -> np.ndarray:
        """Draws from P(x+|y+), given the factuals' immutables.

        Parameters
        ----------
        values : ndarray (B, D)
            Encoded factuals (``schema.encode``).

        Returns
        -------
        ndarray (B, N, D)
        """
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
        return np.divide(weights, total, out=weights, where=total > 0)

    def _answer(self, values: np.ndarray) -> np.ndarray:
        size = max(1, BLOCK // self.hyperparams["n_candidates"])
        return np.concatenate([self._choose(values[i : i + size]) for i in range(0, len(values), size)])

    def _choose(self, values: np.ndarray) -> np.ndarray:
        candidates = self.candidates(values)
        scores = self.scores(candidates)
        weights = self.weights(values, candidates, scores)
        if self.hyperparams["selection"] == "cheapest":
            best = weights.argmax(axis=1)
        else:
            keys = row_keys(torch.from_numpy(values), self.hyperparams["seed"])
            uniform = uniforms(keys, RESAMPLING_STREAM, self.hyperparams["n_samples"])
            drawn = sample_categorical(torch.from_numpy(weights), uniform).numpy()
            liked = np.take_along_axis(scores, drawn, axis=1).argmax(axis=1)
            best = np.take_along_axis(drawn, liked[:, None], axis=1)[:, 0]
        answers = candidates[np.arange(len(values)), best]
        answers[weights.sum(axis=1) == 0] = np.nan
        return answers


def _with_themselves(rows: np.ndarray, device: torch.device) -> Pairs:
    """Each row as its own target: what a density without a factual's side is fitted to."""
    indices = torch.arange(len(rows), dtype=torch.int32, device=device)[:, None]
    certain = torch.ones(len(rows), 1, device=device)
    return TablePairs(sources=rows, targets=rows, neighbours=indices, cumulative=certain)


def _to_config(values: Mapping[str, Any], given: Mapping[str, Any] | None) -> GeneratorConfig:
    shape = {**values["architecture"], "kind": "decoder", "encoder_layers": 0}
    return GeneratorConfig(
        binning=Binning(values["n_bins"], values["binning"]),
        architecture=genre.to_architecture(shape, "Unconditional"),
        training=genre.to_training(
            {**values["training"], "conditional": False}, (given or {}).get("training"), "Unconditional"
        ),
    )
