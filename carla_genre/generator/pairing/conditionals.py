"""What Q says of each feature of the answer, given the factual and the features before it: exact training targets.

A draw x+ from Q tells of feature j one bin alone. But Q is known: among the nearest targets of a factual, those that
agree with x+ in the features before j have a share of its weight, and the bins that they take at j are
Q(x+_j | x+_1 ... x+_{j-1}, x). With it in the place of the drawn bin the loss has the same mean and less noise, as
Rao and Blackwell have it: what a step learns from one factual is what many draws would tell.

Shapes: B factuals, K neighbours each, D features, M bins.
"""

from __future__ import annotations

import torch
from torch import Tensor


def conditional_labels(near: Tensor, weights: Tensor, answer: Tensor, given: Tensor, n_bins: int) -> Tensor:
    """Each feature's distribution over bins under Q, given the answer's features before it.

    Parameters
    ----------
    near : Tensor (B, K, D), long
        Bins of each factual's nearest targets.
    weights : Tensor (B, K)
        Q over them.
    answer : Tensor (B, D), long
        Bins of a target drawn from Q, which is one of them.
    given : Tensor (D,), bool
        Features that are the factual's own, whatever a target has.
    n_bins : int
        M.

    Returns
    -------
    Tensor (B, D, M)
        Rows that sum to 1; those of given features are not to be used.
    """
    agrees = (near == answer.unsqueeze(1)) | given
    before = torch.cat([torch.ones_like(agrees[..., :1]), agrees[..., :-1]], dim=-1).cumprod(-1)
    share = weights.unsqueeze(-1) * before  # (B, K, D)
    share = share / share.sum(1, keepdim=True).clamp_(min=torch.finfo(share.dtype).tiny)
    labels = share.new_zeros(len(near), near.shape[2], n_bins)
    return labels.scatter_add_(2, near.transpose(1, 2), share.transpose(1, 2))
