"""Penalties on a discriminator's gradient with respect to its input.

They are differentiable once more, so a penalty can be minimised over the discriminator's parameters. A row's score
must depend on that row of x alone, which batch normalisation breaks (Gulrajani et al. 2017, section 4).
"""

from __future__ import annotations

import torch
from torch import Tensor


def interpolates(real: Tensor, fake: Tensor, epsilon: Tensor) -> Tensor:
    """x_hat = epsilon x + (1 - epsilon) G(z), one epsilon a sample.

    Gulrajani et al. 2017 (arXiv 1704.00028), algorithm 1, line 6.

    real, fake: (B, *shape); epsilon: B numbers from [0, 1] in any shape, such as (B,) or (B, 1).
    """
    epsilon = epsilon.reshape(-1, *[1] * (real.ndim - 1))
    return epsilon * real + (1 - epsilon) * fake


def gradient_norm(scores: Tensor, x: Tensor) -> Tensor:
    """||grad_x D(x)||_2 of each sample, (B,), over all dimensions of a sample.

    WGAN-GP's penalty is lambda * mean((gradient_norm - 1)^2). Where the gradient is 0 the norm's own gradient is
    taken to be 0, so a critic that is flat somewhere trains on instead of turning to NaN.

    scores: (B,) or (B, 1), computed from x: (B, *shape), which requires its gradient.
    """
    return torch.linalg.vector_norm(_gradient(scores, x), dim=tuple(range(1, x.ndim)))


def gradient_norm_squared(scores: Tensor, x: Tensor) -> Tensor:
    """||grad_x D(x)||_2^2 of each sample, (B,), over all dimensions of a sample.

    R1 (x real) and R2 (x fake) are gamma / 2 * mean of it: Mescheder et al. 2018 (arXiv 1801.04406), equation 9.

    scores: (B,) or (B, 1), computed from x: (B, *shape), which requires its gradient.
    """
    return _gradient(scores, x).square().sum(dim=tuple(range(1, x.ndim)))


def _gradient(scores: Tensor, x: Tensor) -> Tensor:
    assert scores.shape in {(len(x),), (len(x), 1)}, f"one score a sample, not {tuple(scores.shape)}"
    (gradient,) = torch.autograd.grad(scores.sum(), x, create_graph=True)
    return gradient.to(torch.promote_types(gradient.dtype, torch.float32))
