"""What TabSyn's recourse rules share: a density of the rows that are accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from carla_genre.errors import InputError
from carla_genre.methods.baselines.tabsyn.config import TabSynConfig
from carla_genre.methods.baselines.tabsyn.model import TabSyn
from carla_genre.methods.core.base import SchemaMethod
from carla_genre.methods.core.feature_constraints import level_counts
from carla_genre.methods.core.hyperparameters import COMMON, Hyperparameter, check

_Method = TypeVar("_Method", bound="TabSynMethod")

_CONFIG = TabSynConfig()
# What a TabSyn is trained by; the rest may differ between methods that share one.
_TRAINING: Mapping[str, Hyperparameter] = {
    "gamma": Hyperparameter(0.7, float, low=0.5, high=1, open_high=True),
    "token": Hyperparameter(_CONFIG.token, int, low=1),
    "layers": Hyperparameter(_CONFIG.layers, int, low=1),
    "width": Hyperparameter(_CONFIG.width, int, low=2),
    "vae_steps": Hyperparameter(_CONFIG.vae_steps, int, low=1),
    "diffusion_steps": Hyperparameter(_CONFIG.diffusion_steps, int, low=1),
    "batch_size": Hyperparameter(_CONFIG.batch_size, int, low=1),
}
_SAMPLING: Mapping[str, Hyperparameter] = {
    "lambda_": Hyperparameter(5.0, float, low=0, aliases=("lambda",)),
    "sampling_steps": Hyperparameter(50, int, low=2),
}


class TabSynMethod(SchemaMethod):
    """What both rules share: a TabSyn of D_h+ = {y = 1, h > gamma}.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
        The classifier, of any backend.
    hyperparams : mapping, optional
        ===================  ========  =====================================================================
        key                  default   meaning, range
        ===================  ========  =====================================================================
        ``gamma``            0.7       confidence of h above which an accepted row is learned from, [.5, 1)
        ``token``            4         numbers a feature in the latent space, >= 1
        ``layers``           2         transformer layers of the VAE's encoders and decoder, >= 1
        ``width``            256       of the denoiser, even (TabSyn: 1024)
        ``vae_steps``        2000      gradient steps of the VAE, >= 1 (TabSyn: 4,000 epochs)
        ``diffusion_steps``  3000      gradient steps of the diffusion, >= 1 (TabSyn: up to 10,000 epochs)
        ``batch_size``       512       rows a step, >= 1 (TabSyn: 4,096)
        ``sampling_steps``   50        noise levels of a draw, >= 2
        ``lambda_``          5.0       weight of the cost, >= 0; also as ``lambda``
        ===================  ========  =====================================================================

        and ``constraints``, ``device``, ``threads``, ``seed``, ``verbose`` as GenRe has them.

    Attributes
    ----------
    tabsyn : TabSyn
        The trained density.

    Raises
    ------
    InputError
        A hyperparameter is wrong, or D_h+ is empty.
    """

    HYPERPARAMETERS = {**COMMON, **_TRAINING, **_SAMPLING}

    def __init__(
        self, mlmodel: Any, hyperparams: Mapping[str, Any] | None = None, *, trained: TabSyn | None = None
    ) -> None:
        self._trained = trained
        super().__init__(mlmodel, hyperparams)

    @classmethod
    def from_trained(
        cls: type[_Method], other: TabSynMethod, hyperparams: Mapping[str, Any] | None = None
    ) -> _Method:
        """Another rule, or another lambda, on what one has learned, without training again.

        Parameters
        ----------
        other : TabSynMethod
        hyperparams : mapping, optional
            What is not given is the other's where it has it; what decides the training, and ``device``, cannot be.

        Raises
        ------
        InputError
            A hyperparameter is wrong or decides the training.
        """
        check(cls.HYPERPARAMETERS, hyperparams, cls.__name__)
        given = dict(hyperparams or {})
        fixed = sorted({*_TRAINING, "device"} & set(given))
        if fixed:
            raise InputError(f"{cls.__name__}.from_trained: {fixed} were decided by the other's training")
        shared = {
            name: other.hyperparams[name]
            for name, rule in cls.HYPERPARAMETERS.items()
            if name in other.hyperparams and not {name, *rule.aliases} & set(given)
        }
        return cls(other._mlmodel, {**shared, **given}, trained=other.tabsyn)

    def _prepare(self) -> None:
        if self._trained is not None:
            self.tabsyn = self._trained
            return
        given = self.hyperparams
        if given["width"] % 2:
            raise InputError(f"{type(self).__name__}: width must be even, got {given['width']}")
        rows = self.training_rows
        config = TabSynConfig(**{f.name: given[f.name] for f in fields(TabSynConfig) if f.name in given})
        learned = rows.values[rows.accepted(given["gamma"])]
        levels = level_counts(self.schema).tolist()
        self.tabsyn = TabSyn(learned, levels, config, self.device, given["verbose"])
