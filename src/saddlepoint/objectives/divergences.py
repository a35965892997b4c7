"""Divergences between distributions in closed form, in nats."""

from __future__ import annotations

import torch

from saddlepoint.distributions import DiagonalNormal


def kl_per_dimension(q: DiagonalNormal) -> torch.Tensor:
    """KL(q_j || N(0, 1)) of each dimension j of each example, (B, D). Kingma & Welling 2014, appendix B."""
    return 0.5 * (q.mean**2 + torch.expm1(2 * q.log_std) - 2 * q.log_std)


def kl_to_standard_normal(q: DiagonalNormal) -> torch.Tensor:
    """KL(q || N(0, I)) of each example, (B,). Kingma & Welling 2014, appendix B."""
    return 0.5 * (q.mean**2 + torch.expm1(2 * q.log_std) - 2 * q.log_std).flatten(1).sum(1)
