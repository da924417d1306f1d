"""GenRe's hyperparameters: the presets' values as defaults, and the way to the generator's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from carla_genre.errors import InputError
from carla_genre.generator.config import (
    DEFAULT,
    PRESETS,
    Architecture,
    Binning,
    GeneratorConfig,
    PairConfig,
    Pairing,
    SamplingConfig,
    Training,
)
from carla_genre.methods.core.acting import ActingOptions
from carla_genre.options import check, option, option_of, values_for

# Of a preset's steps and epochs, what a training takes that starts from a trained generator.
WARM_SHARE = 0.2

SELECTIONS = ("expected", "validity", "cheapest")
# How a preset chooses among the candidates.
SELECTION = {"default": "expected", "paper": "validity"}
# The selection "expected" judges for itself, and wants many candidates that differ; the others want the likeliest.
MANY = SamplingConfig(temperature=1.0, n_samples=100)
# Under constraints that it was not trained for, a generator is less sure of what is best: it is asked for more.
NARROWED = SamplingConfig(temperature=0.7, n_samples=200)
# A generator that is distilled has learned which of many it would have been.
_FEW = replace(MANY, n_samples=10)
# What may be changed without training again, and what of it another selection brings with it.
_SAMPLING = ("temperature", "sigma", "n_samples", "selection", "gamma", "seed")
_BY_SELECTION = ("temperature", "n_samples")


@dataclass(frozen=True)
class GenReOptions(ActingOptions):
    """Every option of GenRe; its groups are the generator's own."""

    preset: str = option(
        "default",
        "What the other options' defaults are. \"paper\": the paper's network, bins and training in full.",
        tuple(PRESETS),
    )
    lambda_: float = option_of(PairConfig, "lambda_")
    gamma: float = option_of(PairConfig, "gamma")
    calibrate: bool = option(
        False,
        "gamma is of calibrated confidences: the probability of label 1 given h, by isotonic regression on the "
        "training rows. The decision stays h > .5.",
    )
    top_k: int = option_of(PairConfig, "top_k")
    denied: str = option_of(PairConfig, "denied")
    unmatched: str = option_of(PairConfig, "unmatched")
    confirmed: float | None = option(
        None,
        "Learn from those rows of D_h+ alone that other rows confirm: a forest of the labels that has not seen a row "
        "gives it p(y = 1) above this, and the row is no outlier among those that the forest accepts. The rules that "
        "have no surrogate judge answer better by it (docs/method.md).",
        "[0, 1)",
    )
    n_bins: int = option_of(Binning, "n_bins")
    binning: str = option_of(Binning, "kind")
    selection: str = option(
        "expected",
        'Which of a factual\'s candidates is the answer. "expected": the one of the highest expected Score '
        '(docs/method.md). "validity": the one with the highest h (the paper\'s way, and preset "paper"\'s). '
        '"cheapest": the cheapest with h > gamma. ``temperature`` and ``n_samples`` are 10 with the last two.',
        SELECTIONS,
    )
    temperature: float = option_of(SamplingConfig, "temperature", default=MANY.temperature)
    sigma: float = option_of(SamplingConfig, "sigma")
    n_samples: int = option_of(SamplingConfig, "n_samples", default=MANY.n_samples)
    revert: bool = option(True, 'With "expected": revert each change that an answer can do without.')
    copies: bool = option(
        True,
        "False: no answer equals, in what h sees, fewer than five training rows, of whatever label "
        "(docs/copies.md). Who is accepted already keeps their own row.",
    )
    risk: float | None = option(
        None,
        'With "expected": the largest share of factuals that may get an answer that is not valid or no inlier. An '
        "answer that is too unsure is left out. Half of the training rows are held out for it (docs/risk.md).",
        "(0, 1)",
    )
    distil: bool = option(
        False, 'With "expected": learn to draw what it chooses, so that 10 candidates are enough by default.'
    )
    warm_start: str | None = option(
        None,
        "A file that ``save`` wrote, for another classifier, gamma or lambda. Training starts from its weights and "
        "bins, and takes a fifth of the preset's steps or epochs.",
    )
    pairing: Pairing = option(Pairing(), "How Q is found for very many rows.")
    architecture: Architecture = option(DEFAULT.architecture, "The transformer's shape.")
    training: Training = option(DEFAULT.training, "How the transformer is fitted.")


@dataclass(frozen=True)
class _WarmTraining(Training):
    """A generator that is trained already may stay as it is."""

    steps: int = option_of(Training, "steps", allowed="[0, inf)")


def options_for(hyperparams: Mapping[str, Any] | None) -> GenReOptions:
    """The options with their defaults, which depend on the given preset, ``warm_start``, selection and ``distil``."""
    given = hyperparams if isinstance(hyperparams, Mapping) else {}
    preset, selection = given.get("preset"), given.get("selection")  # a wrong one raises when all are checked
    preset = preset if isinstance(preset, str) and preset in PRESETS else "default"
    selection = selection if isinstance(selection, str) and selection in SELECTIONS else SELECTION[preset]
    config = PRESETS[preset]
    expected = _FEW if given.get("distil") is True else MANY
    sampling = expected if selection == "expected" else config.sampling
    training = config.training
    if given.get("warm_start") is not None:
        training = _WarmTraining(**vars(training.shortened(WARM_SHARE)))
    pairs = vars(config.pairs)
    return GenReOptions(
        preset=preset,
        selection=selection,
        **vars(sampling),
        **values_for(GenReOptions, pairs),
        pairing=Pairing(**values_for(Pairing, pairs)),
        n_bins=config.binning.n_bins,
        binning=config.binning.kind,
        architecture=config.architecture,
        training=training,
        threads=0 if preset == "paper" else 1,  # the paper's network is large enough to share
    )


def resampled(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """All values of a trained GenRe after changes of how it samples.

    Another selection brings its own temperature and number of samples, where these are the old one's.

    Raises
    ------
    InputError
        A change that decides the training, or a wrong value.
    """
    fixed = sorted(set(changes) - set(_SAMPLING))
    if fixed:
        raise InputError(f"GenRe.with_sampling: {fixed} decide the training; it may change {list(_SAMPLING)}")
    before, after = options_for(values), options_for({**values, **changes})
    given = check(after, changes, "GenRe")
    changed = {**values, **{name: given[name] for name in changes}}
    for name in _BY_SELECTION:
        if name not in changes and values[name] == getattr(before, name):
            changed[name] = getattr(after, name)
    return changed


def narrowed(values: Mapping[str, Any]) -> dict[str, Any]:
    """All values of a trained GenRe that is asked under further constraints: twice as many draws, and flatter ones.

    Only where "expected" samples by its defaults: what the user has set stays, and so does the sampling that a
    ``risk`` was bounded for, and that of a distilled generator.
    """
    own = to_sampling(values)
    is_default = values["selection"] == "expected" and replace(own, sigma=0.0) == MANY
    if not is_default or values["risk"] is not None or values["distil"]:
        return dict(values)
    return {**values, **vars(replace(NARROWED, sigma=own.sigma))}


def to_architecture(values: Mapping[str, Any], owner: str = "GenRe") -> Architecture:
    """The transformer's shape, from checked values.

    Raises
    ------
    InputError
        Values that do not fit together.
    """
    architecture = Architecture(**values)
    if architecture.embedding % architecture.heads:
        raise InputError(
            f"{owner}: architecture.embedding ({architecture.embedding}) must be a multiple of "
            f"architecture.heads ({architecture.heads})"
        )
    if architecture.kind == "encoder-decoder" and not architecture.encoder_layers:
        raise InputError(
            f"{owner}: architecture.kind 'encoder-decoder' needs architecture.encoder_layers of at least 1"
        )
    if architecture.patch > 1 and architecture.kind != "summary":
        raise InputError(
            f"{owner}: architecture.patch of {architecture.patch} needs architecture.kind 'summary', "
            f"got {architecture.kind!r}"
        )
    return architecture


def to_training(values: Mapping[str, Any], given: Mapping[str, Any] | None, owner: str = "GenRe") -> Training:
    """How to fit, from checked values and the ones that were given; given ``steps`` replace a preset's epochs.

    Raises
    ------
    InputError
        Both ``steps`` and ``epochs`` are given.
    """
    training = Training(**values)
    if not given or "steps" not in given:
        return training
    if given.get("epochs") is not None:
        raise InputError(f"{owner}: training.steps and training.epochs both bound the training, give one")
    return replace(training, epochs=None)


def to_config(values: Mapping[str, Any], given: Mapping[str, Any] | None) -> GeneratorConfig:
    """The generator's configuration from checked values.

    Raises
    ------
    InputError
        Values that do not fit together.
    """
    if values["distil"] and values["selection"] != "expected":
        raise InputError(
            f"GenRe: distil learns from what selection 'expected' chooses, got selection {values['selection']!r}: "
            "give selection 'expected', or leave distil out"
        )
    return GeneratorConfig(
        pairs=PairConfig(**values_for(PairConfig, {**values, **values["pairing"]})),
        binning=Binning(values["n_bins"], values["binning"]),
        architecture=to_architecture(values["architecture"]),
        training=to_training(values["training"], (given or {}).get("training")),
        sampling=to_sampling(values),
        warm_start=values["warm_start"],
    )


def to_sampling(values: Mapping[str, Any]) -> SamplingConfig:
    """How to sample, from checked values."""
    return SamplingConfig(**values_for(SamplingConfig, values))
