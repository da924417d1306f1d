"""The hyperparameters of CARLA's methods: what each may be, and a default for every one.

Where table 8 of the GenRe paper gives a value it is the default, else CARLA's own (the repository head's, where the
release has none). Where CARLA demands a value (the data's name, the layers of an autoencoder), there is one here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from carla_genre.methods.core.hyperparameters import COMMON, Hyperparameter

Rules = Mapping[str, Hyperparameter]

# What a method of CARLA's takes beside its own: constraints and the device are not its to choose.
SHARED: Rules = {name: COMMON[name] for name in ("threads", "seed", "verbose")}

_NUMBERS: Any = (list, tuple, np.ndarray)
_ACCEPTED = ([0, 1],)  # the only target that CARLA's own check of the answers lets through


def _positive(default: float) -> Hyperparameter:
    return Hyperparameter(default, float, low=0, open_low=True)


def _weight(default: float) -> Hyperparameter:
    return Hyperparameter(default, float, low=0)


def _count(default: int) -> Hyperparameter:
    return Hyperparameter(default, int, low=1)


def _autoencoder(**further: Hyperparameter) -> Hyperparameter:
    """The group of CCHVAE's, CRUD's and Revise's networks: table 8 has the same one for the first two."""
    rules = {
        "layers": Hyperparameter([512, 256, 8], _NUMBERS),
        "train": Hyperparameter(True, bool),
        "epochs": _count(100),
        "lr": _positive(1e-3),
        "batch_size": _count(32),
        **further,
    }
    return Hyperparameter(None, Mapping, group=rules)  # type: ignore[type-abstract]


_DATA_NAME = {"data_name": Hyperparameter(None, str)}
_BINARY = {"binary_cat_features": Hyperparameter(True, bool)}
_TARGET = {"target_class": Hyperparameter([0, 1], list, choices=_ACCEPTED)}
_LAMBDA_REG = {"lambda_reg": _weight(1e-6)}
_GRADIENT: Rules = {
    "feature_cost": Hyperparameter(None, _NUMBERS),
    "lr": _positive(0.01),
    "lambda_": Hyperparameter(0.01, float),
    "t_max_min": _positive(0.5),
    "norm": _count(1),
    "loss_type": Hyperparameter("BCE", str, choices=("BCE", "MSE")),
    "y_target": Hyperparameter(None, _NUMBERS),
    **_BINARY,
}

WACHTER: Rules = {
    **SHARED,
    **_GRADIENT,
    "n_iter": _count(1000),
    "clamp": Hyperparameter(True, bool),
}
GROWING_SPHERES: Rules = SHARED
DICE: Rules = {
    **SHARED,
    "num": _count(1),
    "desired_class": Hyperparameter(1, int, choices=(1,)),
    "posthoc_sparsity_param": Hyperparameter(0.1, float, low=0, high=1),
}
FACE: Rules = {
    **SHARED,
    "mode": Hyperparameter("knn", str, choices=("knn", "epsilon")),
    "fraction": Hyperparameter(0.1, float, low=0, high=1, open_low=True, open_high=True),
}
REVISE: Rules = {
    **SHARED,
    **_DATA_NAME,
    **_TARGET,
    **_BINARY,
    "lambda": _weight(0.5),
    "optimizer": Hyperparameter("adam", str, choices=("adam", "rmsprop")),
    "lr": _positive(0.1),
    "max_iter": _count(1000),
    "vae_params": _autoencoder(**_LAMBDA_REG),
}
CCHVAE: Rules = {
    **SHARED,
    **_DATA_NAME,
    **_BINARY,
    "n_search_samples": _count(100),
    "p_norm": Hyperparameter(1, int, choices=(1, 2)),
    "step": _positive(0.1),
    "max_iter": _count(1000),
    "clamp": Hyperparameter(True, bool),
    "vae_params": _autoencoder(**_LAMBDA_REG),
}
CCHVAE_OF_THE_HEAD: Rules = {
    **CCHVAE,
    "vae_params": _autoencoder(**_LAMBDA_REG, kl_weight=_weight(0.3)),
}
CRUD: Rules = {
    **SHARED,
    **_DATA_NAME,
    **_TARGET,
    **_BINARY,
    "lambda_param": _weight(0.001),
    "optimizer": Hyperparameter("RMSprop", str, choices=("RMSprop", "Adam")),
    "lr": _positive(0.008),
    "max_iter": _count(2000),
    "vae_params": _autoencoder(),
}
CLUE: Rules = {
    **SHARED,
    **_DATA_NAME,
    "train_vae": Hyperparameter(True, bool),
    "width": _count(10),
    "depth": _count(3),
    "latent_dim": _count(12),
    "batch_size": _count(64),
    "epochs": _count(10),
    "lr": _positive(1e-3),
    "early_stop": _count(10),
}
FEATURE_TWEAK: Rules = {**SHARED, "eps": _positive(0.1)}
ACTIONABLE_RECOURSE: Rules = {
    **SHARED,
    "fs_size": _count(100),
    "discretize": Hyperparameter(False, bool),
    "sample": Hyperparameter(True, bool),
    "coeffs": Hyperparameter(None, np.ndarray),
    "intercepts": Hyperparameter(None, np.ndarray),
}
FOCUS: Rules = {
    **SHARED,
    "optimizer": Hyperparameter("adam", str, choices=("adam", "gd")),
    "lr": _positive(0.001),
    "n_class": Hyperparameter(2, int, choices=(2,)),
    "n_iter": _count(1000),
    "sigma": _positive(1.0),
    "temperature": _positive(1.0),
    "distance_weight": _weight(0.01),
    "distance_func": Hyperparameter("l1", str, choices=("l1", "l2")),
}
CAUSAL_RECOURSE: Rules = {
    **SHARED,
    "optimization_approach": Hyperparameter("brute_force", str, choices=("brute_force",)),
    "num_samples": _count(10),
    "scm": Hyperparameter(None),
    "constraint_handle": Hyperparameter(None),
    "sampler_handle": Hyperparameter(None),
}
CEM: Rules = {
    **SHARED,
    **_DATA_NAME,
    "batch_size": Hyperparameter(1, int, choices=(1,)),
    "kappa": _weight(0.1),
    "init_learning_rate": _positive(0.01),
    "binary_search_steps": _count(9),
    "max_iterations": _count(100),
    "initial_const": _positive(10),
    "beta": _weight(0.9),
    "gamma": _weight(0.0),
    "mode": Hyperparameter("PN", str, choices=("PN", "PP")),
    "num_classes": Hyperparameter(2, int, choices=(2,)),
    "ae_params": Hyperparameter(
        None,
        Mapping,  # type: ignore[type-abstract]
        group={
            "hidden_layer": Hyperparameter([20, 10, 7], _NUMBERS),
            "train_ae": Hyperparameter(True, bool),
            "epochs": _count(5),
        },
    ),
}
ROAR: Rules = {
    **SHARED,
    **_GRADIENT,
    "delta_max": _weight(0.01),
    "loss_threshold": _positive(1e-3),
    "discretize": Hyperparameter(False, bool),
    "sample": Hyperparameter(True, bool),
    "lime_seed": Hyperparameter(0, int, low=0),
    "coeffs": Hyperparameter(None, np.ndarray),
    "intercepts": Hyperparameter(None, np.ndarray),
}
