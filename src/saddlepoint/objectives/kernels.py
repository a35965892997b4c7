"""Maximum mean discrepancy: Gretton et al. 2012, "A Kernel Two-Sample Test".

MMD²(P, Q) = E k(x, x') + E k(y, y') - 2 E k(x, y), the squared distance of the distributions' mean embeddings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Kernel = Callable[[Tensor], Tensor]
"""k as a function of the squared distance ||x - y||²."""


def gaussians(scales: Sequence[float]) -> Kernel:
    """sum_q exp(-||x - y||² / (2 s_q)): s_q is a squared length, as in Li et al. 2015 (arXiv 1502.02761)."""

    def kernel(squared: Tensor) -> Tensor:
        return torch.stack([(squared / (-2 * s)).exp() for s in scales]).sum(0)

    return kernel


def mmd2_biased(x: Tensor, y: Tensor, kernel: Kernel) -> Tensor:
    """MMD² with the pairs of a row with itself: never below zero, too large by O(1/n). A scalar.

    x, y: n and m rows of any shape.
    """
    return kernel(_squared(x, x)).mean() + kernel(_squared(y, y)).mean() - 2 * kernel(_squared(x, y)).mean()


def mmd2_unbiased(x: Tensor, y: Tensor, kernel: Kernel) -> Tensor:
    """MMD² without the pairs of a row with itself: right in the mean, and so below zero now and then. A scalar."""
    return (
        _off_diagonal(kernel(_squared(x, x)))
        + _off_diagonal(kernel(_squared(y, y)))
        - 2 * kernel(_squared(x, y)).mean()
    )


def root(mmd2: Tensor) -> Tensor:
    """sqrt(MMD²) with a finite gradient where the two samples are one; 1e-8 is below what float32 tells apart there."""
    return (mmd2.clamp(min=0) + 1e-8).sqrt()


def _squared(x: Tensor, y: Tensor) -> Tensor:
    """||x_i - y_j||² in float32 or finer, (n, m), differentiable everywhere."""
    x, y = (rows.flatten(1).to(torch.promote_types(rows.dtype, torch.float32)) for rows in (x, y))
    with torch.autocast(x.device.type, enabled=False):  # a difference of large numbers: bf16 would lose it
        squared = x.square().sum(1)[:, None] + y.square().sum(1) - 2 * x @ y.T
    return squared.clamp(min=0)


def _off_diagonal(square: Tensor) -> Tensor:
    n = len(square)
    return (square.sum() - square.diagonal().sum()) / (n * (n - 1))
