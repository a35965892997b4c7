"""Objectives of auto-encoders as discriminators: an example's energy is how badly it is reproduced.

Energies reduce in float32 (float64 stays), to a mean over an example's numbers, so that one margin serves all sizes.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize


def squared_error(x: Tensor, again: Tensor) -> Tensor:
    """Mean of (x - D(x))^2 over each example: (B, ...) -> (B,)."""
    return _difference(x, again).square().flatten(1).mean(1)


def absolute_error(x: Tensor, again: Tensor) -> Tensor:
    """Mean of |x - D(x)| over each example: (B, ...) -> (B,)."""
    return _difference(x, again).abs().flatten(1).mean(1)


def discriminator_margin(real: Tensor, fake: Tensor, margin: float) -> Tensor:
    """E D(x) + E [m - D(G(z))]^+ of energies (B,). Zhao et al. 2017 (arXiv 1609.03126), equation 1."""
    return real.mean() + (margin - fake).relu().mean()


def pulling_away(codes: Tensor) -> Tensor:
    """Mean squared cosine between the codes (N, S) of different examples: 0 where all are orthogonal, 1 where equal.

    Zhao et al. 2017, equation 4.
    """
    n = len(codes)
    directions = normalize(codes.to(torch.promote_types(codes.dtype, torch.float32)), dim=1)
    cosines = (directions @ directions.T).square()
    return (cosines.sum() - cosines.diagonal().sum()) / (n * (n - 1))


def _difference(x: Tensor, again: Tensor) -> Tensor:
    assert x.shape == again.shape, f"{tuple(again.shape)} does not reproduce {tuple(x.shape)}"
    wide = torch.promote_types(torch.promote_types(x.dtype, again.dtype), torch.float32)
    return x.to(wide) - again.to(wide)
