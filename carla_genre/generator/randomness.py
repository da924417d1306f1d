"""Random numbers that belong to a row, not to its position in a batch.

An answer must not change with the batch size or with who else asks. So each number is a hash of the
seed, the row's content and the number's position (a counter-based generator, after splitmix64: Steele,
Lea and Flood, OOPSLA 2014), on the CPU as on a GPU.
"""

from __future__ import annotations

import torch
from torch import Tensor

# As int64, whose sign is the highest bit.
_STEP = 0x9E3779B97F4A7C15 - (1 << 64)
_FIRST = 0xBF58476D1CE4E5B9 - (1 << 64)
_SECOND = 0x94D049BB133111EB - (1 << 64)


def _shift(x: Tensor, bits: int) -> Tensor:
    """Logical right shift of int64."""
    return (x >> bits) & ((1 << (64 - bits)) - 1)


def _mix(x: Tensor) -> Tensor:
    """splitmix64's finaliser on int64, whose products wrap."""
    x = (x ^ _shift(x, 30)) * _FIRST
    x = (x ^ _shift(x, 27)) * _SECOND
    return x ^ _shift(x, 31)


def row_keys(values: Tensor, seed: int | Tensor) -> Tensor:
    """A key for each row: float64 (B, D) -> int64 (B,)."""
    bits = (values.double() + 0.0).contiguous().view(torch.int64)  # + 0.0: one zero
    key = bits.new_zeros(bits.shape[:1]) + seed  # a seed may be a tensor
    key = _mix(key + _STEP)
    for column in bits.T:
        key = _mix((key ^ column) + _STEP)
    return key


def uniforms(keys: Tensor, stream: int | Tensor, n: int) -> Tensor:
    """Give n numbers in [0, 1) a row: int64 (B,) -> float64 (B, n); another ``stream``, other numbers.

    Many streams (S, 1, 1), int64, are given together, (S, B, n).
    """
    counter = torch.arange(1, n + 1, device=keys.device) + (stream << 32)
    bits = _mix(_mix(keys.unsqueeze(-1) + counter * _STEP) + _STEP)
    return _shift(bits, 11).double() * 2.0**-53


def normals(keys: Tensor, stream: int, n: int) -> Tensor:
    """Give n standard normal numbers a row: int64 (B,) -> float64 (B, n)."""
    drawn: Tensor = torch.special.ndtri(uniforms(keys, stream, n).clamp(1e-12, 1 - 1e-12))
    return drawn


def sample_categorical(weights: Tensor, uniform: Tensor) -> Tensor:
    """Draw indices by weights >= 0 (B, N), with replacement, from numbers in [0, 1) (B, M): long (B, M)."""
    cumulative = weights.cumsum(1)
    drawn = torch.searchsorted(cumulative, uniform.to(cumulative) * cumulative[:, -1:], right=True)
    return drawn.clamp_(max=weights.shape[1] - 1)
