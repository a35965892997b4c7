"""Distances between examples, or between sets of them, in some features: (B, ...) -> a scalar in float32."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import one_hot


def half_squared(a: Tensor, b: Tensor) -> Tensor:
    """E |a - b|² / 2, row by row: -log N(a | b, I) but for its constant. Larsen et al. 2016 (arXiv 1512.09300), 7."""
    return (a.float() - b.float()).flatten(1).square().sum(1).mean() / 2


def of_means(a: Tensor, b: Tensor) -> Tensor:
    """|E a - E b|² / 2, of features (B, D). Bao et al. 2017 (arXiv 1703.10155), equation 4."""
    return (a.float().mean(0) - b.float().mean(0)).square().sum() / 2


def of_class_means(a: Tensor, b: Tensor, y: Tensor, classes: int) -> Tensor:
    """The sum over classes c of |E[a|c] - E[b|c]|² / 2, where row i of both is of class y[i]. Bao et al. 2017, 5.

    A class without a row adds nothing.
    """
    member = one_hot(y, classes).float()
    sums = member.T @ (a.float() - b.float())
    return (sums / member.sum(0).clamp_min(1)[:, None]).square().sum() / 2
