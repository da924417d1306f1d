"""The logit of h on the classifier's columns and its gradient: autograd for a torch module, else by queries."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import pandas as pd
import torch
from torch import Tensor, nn

from carla_genre.blackbox import BlackBox, model_probability
from carla_genre.methods.baselines.search.local_linear import LocalLinearFit

# Probabilities nearer to 0 or 1 tell nothing more: +-21 is as far as a logit goes.
LEAST_PROBABILITY = 1e-9
# How far a module's probabilities may be from predict_proba's: single precision.
SAME_PROBABILITY = 1e-5
# How far a plane may be from a logit, relative to the largest, to be that logit.
SAME_LOGIT = 1e-4


class ModuleLogit:
    """log h - log(1 - h) by autograd through a copy of a torch module in double precision.

    The module: (N, C) -> (N, 2) probabilities, or (N, 1) or (N,) of label 1.
    """

    def __init__(self, module: nn.Module, device: torch.device) -> None:
        self._module = copy.deepcopy(module).to(device, torch.float64).eval().requires_grad_(False)

    def __call__(self, rows: Tensor) -> Tensor:
        """(N, C) -> (N,)."""
        output = self._module(rows)
        if output.ndim == 2 and output.shape[1] == 2:
            denied, accepted = output.unbind(dim=1)
        else:
            accepted = output.reshape(len(rows))
            denied = 1 - accepted
        logit: Tensor = (
            accepted.clamp_min(LEAST_PROBABILITY).log() - denied.clamp_min(LEAST_PROBABILITY).log()
        )
        return logit

    def with_gradient(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """(N, C) -> logits (N,) and gradients (N, C), both differentiable in rows that require it."""
        rows = rows if rows.requires_grad else rows.detach().requires_grad_()
        with torch.enable_grad():
            logits = self(rows)
            (gradients,) = torch.autograd.grad(logits.sum(), rows, create_graph=True)
        return logits, gradients


class BlackBoxLogit:
    """log h - log(1 - h) of ``predict_proba``; the gradient is the slope of a local linear fit, a constant.

    The neighbours of ``fit`` tell over what distance the slope is taken: not too near for a forest, whose h is constant
    nearly everywhere.
    """

    def __init__(self, mlmodel: BlackBox, columns: Sequence[str], fit: LocalLinearFit) -> None:
        self._mlmodel, self._columns, self._fit = mlmodel, list(columns), fit

    def __call__(self, rows: Tensor) -> Tensor:
        """(N, C) -> (N,)."""
        frame = pd.DataFrame(rows.detach().cpu().numpy(), columns=self._columns)
        accepted = torch.from_numpy(model_probability(self._mlmodel, frame)).to(rows.device)
        return torch.logit(accepted, eps=LEAST_PROBABILITY)

    def with_gradient(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """(N, C) -> (N,), (N, C)."""
        at = rows.detach()
        gradients, _ = self._fit(self, at)
        return self(at) + ((rows - at) * gradients).sum(dim=1), gradients


def logit_of(
    mlmodel: BlackBox, columns: Sequence[str], rows: Tensor, fit: LocalLinearFit, device: torch.device
) -> ModuleLogit | BlackBoxLogit:
    """The logit of a classifier by the best way that it allows.

    ``raw_model`` is used where it is a torch module that gives, on ``rows`` (N, C) of the classifier's ``columns``,
    what ``predict_proba`` gives. Else h is a black box, and its gradient the slope of ``fit``.
    """
    black_box = BlackBoxLogit(mlmodel, columns, fit.to(device))
    module, rows = getattr(mlmodel, "raw_model", None), rows.to(device, torch.float64)
    if isinstance(module, nn.Module):
        try:
            logit = ModuleLogit(module, device)
            h, _ = torch.sigmoid(logit(rows)), logit.with_gradient(rows[:1])
        except Exception:  # a module that cannot do this is a black box
            return black_box
        if h.shape == (len(rows),) and (h - torch.sigmoid(black_box(rows))).abs().max() <= SAME_PROBABILITY:
            return logit
    return black_box


def plane_of(
    logit: Callable[[Tensor], Tensor], rows: Tensor, fit: LocalLinearFit
) -> tuple[Tensor, Tensor] | None:
    """Coefficients (C,) and intercept () of a logit that is a plane through all rows (N, C); None if it is none."""
    center = rows.mean(dim=0, keepdim=True)
    slopes, level = fit(logit, center)
    coefficients, intercept = slopes[0], level[0] - slopes[0] @ center[0]
    with torch.no_grad():
        values = logit(rows)
    error = (rows @ coefficients + intercept - values).abs().max()
    return (coefficients, intercept) if error <= SAME_LOGIT * (1 + values.abs().max()) else None
