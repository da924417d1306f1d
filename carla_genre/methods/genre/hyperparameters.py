"""GenRe's hyperparameters: the presets' values as defaults, and the way to the generator's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from carla_genre.errors import InputError
from carla_genre.generator.config import (
    PRESETS,
    Architecture,
    Binning,
    GeneratorConfig,
    PairConfig,
    SamplingConfig,
    Training,
)
from carla_genre.methods.core.hyperparameters import COMMON, Hyperparameter, check
from carla_genre.suggestions import did_you_mean

# Of a preset's steps and epochs, what a training takes that starts from a trained generator.
WARM_SHARE = 0.2

SELECTIONS = ("expected", "validity", "cheapest")
# How a preset chooses among the candidates.
SELECTION = {"default": "expected", "paper": "validity"}
# The rule "expected" looks for itself, and wants to be shown much that differs; the others want the likeliest.
MANY = SamplingConfig(temperature=1.0, n_samples=100)
# A generator that is distilled has learned which of many it would have been.
_FEW = replace(MANY, n_samples=10)
# What may be changed without training again, and what of it another rule brings with it.
_SAMPLING = ("temperature", "sigma", "n_samples", "selection", "gamma", "seed")
_BY_SELECTION = ("temperature", "n_samples")


def rules(
    preset: str, warm: bool = False, selection: str | None = None, distil: bool = False
) -> dict[str, Hyperparameter]:
    """Every hyperparameter of GenRe, with a preset's values as defaults.

    ``warm`` shortens the training, a ``selection`` other than the preset's own brings its own sampling, and with
    ``distil`` few samples are enough.
    """
    config = PRESETS[preset]
    pairs, bins = config.pairs, config.binning
    selection = selection if selection in SELECTIONS else SELECTION[preset]
    expected = _FEW if distil else MANY
    sampling = expected if selection == "expected" else config.sampling
    training = config.training.shortened(WARM_SHARE) if warm else config.training
    return {
        "preset": Hyperparameter(preset, str, choices=tuple(PRESETS)),
        "lambda_": Hyperparameter(pairs.lambda_, float, low=0, aliases=("lambda",)),
        "gamma": Hyperparameter(pairs.gamma, float, low=0.5, high=1, open_high=True),
        "top_k": Hyperparameter(pairs.top_k, int, low=1),
        "denied": Hyperparameter(pairs.denied, str, choices=("text", "code")),
        "unmatched": Hyperparameter(pairs.unmatched, str, choices=("nearest", "drop")),
        "n_bins": Hyperparameter(bins.n_bins, int, low=2),
        "binning": Hyperparameter(bins.kind, str, choices=("values", "even", "left-edges")),
        "temperature": Hyperparameter(sampling.temperature, float, low=0, open_low=True, aliases=("tau",)),
        "sigma": Hyperparameter(sampling.sigma, float, low=0),
        "n_samples": Hyperparameter(sampling.n_samples, int, low=1),
        "selection": Hyperparameter(selection, str, choices=SELECTIONS),
        "take_back": Hyperparameter(True, bool),
        "risk": Hyperparameter(None, float, low=0, high=1, open_low=True, open_high=True),
        "distil": Hyperparameter(False, bool),
        "warm_start": Hyperparameter(None, str),
        **COMMON,
        # The paper's network is large enough to share.
        **({"threads": replace(COMMON["threads"], default=0)} if preset == "paper" else {}),
        "pairing": Hyperparameter(None, Mapping, group=_pairing(config.pairs)),  # type: ignore[type-abstract]
        "architecture": Hyperparameter(None, Mapping, group=_architecture(config.architecture)),  # type: ignore[type-abstract]
        "training": Hyperparameter(None, Mapping, group=_training(training, 0 if warm else 1)),  # type: ignore[type-abstract]
    }


def rules_for(hyperparams: Mapping[str, Any] | None) -> dict[str, Hyperparameter]:
    """Every hyperparameter, with the defaults that given ones bring with them."""
    given = hyperparams if isinstance(hyperparams, Mapping) else {}
    warm, distil = given.get("warm_start") is not None, given.get("distil") is True
    return rules(preset_of(hyperparams), warm, given.get("selection"), distil)


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
    before, after = rules_for(values), rules_for({**values, **changes})
    given = check({name: rule for name, rule in after.items() if name in _SAMPLING}, changes, "GenRe")
    changed = {**values, **{name: given[name] for name in changes}}
    for name in _BY_SELECTION:
        if name not in changes and values[name] == before[name].default:
            changed[name] = after[name].default
    return changed


def _pairing(default: PairConfig) -> dict[str, Hyperparameter]:
    return {
        "memory_mb": Hyperparameter(default.memory_mb, int, low=1),
        "table": Hyperparameter(default.table, str, choices=("auto", "on", "off")),
        "search": Hyperparameter(default.search, str, choices=("exact", "approximate")),
    }


def _architecture(default: Architecture) -> dict[str, Hyperparameter]:
    return {
        "kind": Hyperparameter(default.kind, str, choices=("summary", "encoder-decoder")),
        "embedding": Hyperparameter(default.embedding, int, low=1),
        "encoder_layers": Hyperparameter(default.encoder_layers, int, low=0),
        "decoder_layers": Hyperparameter(default.decoder_layers, int, low=1),
        "heads": Hyperparameter(default.heads, int, low=1),
        "feed_forward": Hyperparameter(default.feed_forward, int, low=1),
        "dropout": Hyperparameter(default.dropout, float, low=0, high=1, open_high=True),
        "shared_tables": Hyperparameter(default.shared_tables, bool),
        "norm": Hyperparameter(default.norm, str, choices=("pre", "post")),
        "activation": Hyperparameter(default.activation, str, choices=("gelu", "relu")),
        "summary": Hyperparameter(default.summary, int, low=1),
        "patch": Hyperparameter(default.patch, int, low=1),
    }


def _training(default: Training, fewest_steps: int) -> dict[str, Hyperparameter]:
    return {
        "steps": Hyperparameter(default.steps, int, low=fewest_steps),
        "epochs": Hyperparameter(default.epochs, int, low=1),
        "batch_size": Hyperparameter(default.batch_size, int, low=1),
        "learning_rate": Hyperparameter(default.learning_rate, float, low=0, open_low=True),
        "schedule": Hyperparameter(default.schedule, str, choices=("one-cycle", "constant")),
        "weight_decay": Hyperparameter(default.weight_decay, float, low=0),
        "clip": Hyperparameter(default.clip, float, low=0),
        "soft_labels": Hyperparameter(default.soft_labels, bool),
        "conditional": Hyperparameter(default.conditional, bool),
        "validation": Hyperparameter(default.validation, float, low=0, high=1, open_high=True),
        "evaluations": Hyperparameter(default.evaluations, int, low=1),
        "patience": Hyperparameter(default.patience, int, low=0),
        "precision": Hyperparameter(default.precision, str, choices=("auto", "float32", "bfloat16")),
        "compile": Hyperparameter(default.compile, str, choices=("auto", "on", "off")),
        "checkpoint": Hyperparameter(default.checkpoint, str),
        "devices": Hyperparameter(default.devices, int, low=1),
        "nodes": Hyperparameter(default.nodes, int, low=1),
    }


def preset_of(hyperparams: Mapping[str, Any] | None, owner: str = "GenRe") -> str:
    """The preset that a dict names, ``"default"`` if none.

    Raises
    ------
    InputError
        There is no such preset.
    """
    preset = hyperparams.get("preset", "default") if isinstance(hyperparams, Mapping) else "default"
    if preset not in PRESETS:
        near = did_you_mean(preset, PRESETS)
        raise InputError(f"{owner}: preset must be one of {list(PRESETS)}, got {preset!r}.{near}")
    return str(preset)


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


def to_training(values: Mapping[str, Any], asked: Mapping[str, Any] | None, owner: str = "GenRe") -> Training:
    """How to fit, from checked values and the ones that were given; given ``steps`` replace a preset's epochs.

    Raises
    ------
    InputError
        Both ``steps`` and ``epochs`` are given.
    """
    asked = asked or {}
    if "steps" in asked and asked.get("epochs") is not None:
        raise InputError(f"{owner}: training.steps and training.epochs both bound the training, give one")
    training = Training(**values)
    return replace(training, epochs=None) if "steps" in asked else training


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
        pairs=PairConfig(
            values["lambda_"],
            values["gamma"],
            values["top_k"],
            values["denied"],
            values["unmatched"],
            **values["pairing"],
        ),
        binning=Binning(values["n_bins"], values["binning"]),
        architecture=to_architecture(values["architecture"]),
        training=to_training(values["training"], (given or {}).get("training")),
        sampling=to_sampling(values),
        warm_start=values["warm_start"],
    )


def to_sampling(values: Mapping[str, Any]) -> SamplingConfig:
    """How to sample, from checked values."""
    return SamplingConfig(values["temperature"], values["sigma"], values["n_samples"])
