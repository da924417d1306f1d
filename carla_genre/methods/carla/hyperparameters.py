"""The hyperparameters of CARLA's methods: what each may be, and a default for every one.

Where table 8 of the GenRe paper gives a value it is the default, else CARLA's own (the repository head's, where the
release has none). Where CARLA demands a value (the data's name, the layers of an autoencoder), there is one here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from carla_genre.methods.core.base import RunOptions
from carla_genre.options import Option, declared

Options = Mapping[str, Option]

# What a method of CARLA's takes beside its own: constraints and the device are not its to choose.
SHARED: Options = declared(RunOptions())

_NUMBERS: Any = (list, tuple, np.ndarray)
_COUNT, _POSITIVE, _WEIGHT = "[1, inf)", "(0, inf)", "[0, inf)"


def _autoencoder(**further: Option) -> Option:
    """The group of CCHVAE's, CRUD's and Revise's networks: table 8 has the same one for the first two."""
    options = {
        "layers": Option([512, 256, 8], kind=_NUMBERS),
        "train": Option(True),
        "epochs": Option(100, _COUNT),
        "lr": Option(1e-3, _POSITIVE),
        "batch_size": Option(32, _COUNT),
        **further,
    }
    return Option(group=options)


_DATA_NAME = {"data_name": Option(kind=str)}
_BINARY = {"binary_cat_features": Option(True)}
# The only target that CARLA's own check of the answers lets through.
_TARGET = {"target_class": Option([0, 1], ([0, 1],))}
_LAMBDA_REG = {"lambda_reg": Option(1e-6, _WEIGHT)}
_COEFFICIENTS = {"coeffs": Option(kind=np.ndarray), "intercepts": Option(kind=np.ndarray)}
_LIME = {"discretize": Option(False), "sample": Option(True), **_COEFFICIENTS}
_GRADIENT: Options = {
    "feature_cost": Option(kind=_NUMBERS),
    "lr": Option(0.01, _POSITIVE),
    "lambda_": Option(0.01),
    "t_max_min": Option(0.5, _POSITIVE),
    "norm": Option(1, _COUNT),
    "loss_type": Option("BCE", ("BCE", "MSE")),
    "y_target": Option(kind=_NUMBERS),
    **_BINARY,
}

WACHTER: Options = {**_GRADIENT, "n_iter": Option(1000, _COUNT), "clamp": Option(True)}
GROWING_SPHERES: Options = {}
DICE: Options = {
    "num": Option(1, _COUNT),
    "desired_class": Option(1, (1,)),
    "posthoc_sparsity_param": Option(0.1, "[0, 1]"),
}
FACE: Options = {"mode": Option("knn", ("knn", "epsilon")), "fraction": Option(0.1, "(0, 1)")}
REVISE: Options = {
    **_DATA_NAME,
    **_TARGET,
    **_BINARY,
    "lambda": Option(0.5, _WEIGHT),
    "optimizer": Option("adam", ("adam", "rmsprop")),
    "lr": Option(0.1, _POSITIVE),
    "max_iter": Option(1000, _COUNT),
    "vae_params": _autoencoder(**_LAMBDA_REG),
}
CCHVAE: Options = {
    **_DATA_NAME,
    **_BINARY,
    "n_search_samples": Option(100, _COUNT),
    "p_norm": Option(1, (1, 2)),
    "step": Option(0.1, _POSITIVE),
    "max_iter": Option(1000, _COUNT),
    "clamp": Option(True),
    "vae_params": _autoencoder(**_LAMBDA_REG),
}
CCHVAE_OF_THE_HEAD: Options = {
    **CCHVAE,
    "vae_params": _autoencoder(**_LAMBDA_REG, kl_weight=Option(0.3, _WEIGHT)),
}
CRUD: Options = {
    **_DATA_NAME,
    **_TARGET,
    **_BINARY,
    "lambda_param": Option(0.001, _WEIGHT),
    "optimizer": Option("RMSprop", ("RMSprop", "Adam")),
    "lr": Option(0.008, _POSITIVE),
    "max_iter": Option(2000, _COUNT),
    "vae_params": _autoencoder(),
}
CLUE: Options = {
    **_DATA_NAME,
    "train_vae": Option(True),
    "width": Option(10, _COUNT),
    "depth": Option(3, _COUNT),
    "latent_dim": Option(12, _COUNT),
    "batch_size": Option(64, _COUNT),
    "epochs": Option(10, _COUNT),
    "lr": Option(1e-3, _POSITIVE),
    "early_stop": Option(10, _COUNT),
}
FEATURE_TWEAK: Options = {"eps": Option(0.1, _POSITIVE)}
ACTIONABLE_RECOURSE: Options = {"fs_size": Option(100, _COUNT), **_LIME}
FOCUS: Options = {
    "optimizer": Option("adam", ("adam", "gd")),
    "lr": Option(0.001, _POSITIVE),
    "n_class": Option(2, (2,)),
    "n_iter": Option(1000, _COUNT),
    "sigma": Option(1.0, _POSITIVE),
    "temperature": Option(1.0, _POSITIVE),
    "distance_weight": Option(0.01, _WEIGHT),
    "distance_func": Option("l1", ("l1", "l2")),
}
CAUSAL_RECOURSE: Options = {
    "optimization_approach": Option("brute_force", ("brute_force",)),
    "num_samples": Option(10, _COUNT),
    "scm": Option(),
    "constraint_handle": Option(),
    "sampler_handle": Option(),
}
CEM: Options = {
    **_DATA_NAME,
    "batch_size": Option(1, (1,)),
    "kappa": Option(0.1, _WEIGHT),
    "init_learning_rate": Option(0.01, _POSITIVE),
    "binary_search_steps": Option(9, _COUNT),
    "max_iterations": Option(100, _COUNT),
    "initial_const": Option(10.0, _POSITIVE),
    "beta": Option(0.9, _WEIGHT),
    "gamma": Option(0.0, _WEIGHT),
    "mode": Option("PN", ("PN", "PP")),
    "num_classes": Option(2, (2,)),
    "ae_params": Option(
        group={
            "hidden_layer": Option([20, 10, 7], kind=_NUMBERS),
            "train_ae": Option(True),
            "epochs": Option(5, _COUNT),
        }
    ),
}
ROAR: Options = {
    **_GRADIENT,
    "delta_max": Option(0.01, _WEIGHT),
    "loss_threshold": Option(1e-3, _POSITIVE),
    "lime_seed": Option(0, _WEIGHT),
    **_LIME,
}
