"""Penalties on a discriminator's gradient with respect to its input.

They are differentiable once more, so a penalty can be minimised over the discriminator's parameters. A row's score
must depend on that row of x alone, which batch normalisation breaks (Gulrajani et al. 2017, section 4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

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


def slope(critic: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """`gradient_norm` of critic at points x that need no gradient themselves, (B,).

    In float32 whatever the precision: in bf16 its own gradient is 1% off.
    """
    with torch.autocast(x.device.type, enabled=False):
        x = x.detach().to(torch.promote_types(x.dtype, torch.float32)).requires_grad_()
        return gradient_norm(critic(x), x)


def slope_squared(critic: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """`gradient_norm_squared` of critic at points x, as `slope`; smooth where the gradient is 0."""
    with torch.autocast(x.device.type, enabled=False):
        x = x.detach().to(torch.promote_types(x.dtype, torch.float32)).requires_grad_()
        return gradient_norm_squared(critic(x), x)


def orthogonality(weights: Iterable[Tensor]) -> Tensor:
    """Sum over weights, as matrices W of one row an output, of ||W W^T - I||² (Frobenius), or of ||W^T W - I||² where W
    is taller than wide. Brock et al. 2017 (arXiv 1609.07093), equation 3, there with absolute values.
    """
    return torch.stack([_distance_from_orthogonal(weight) for weight in weights]).sum()


def _distance_from_orthogonal(weight: Tensor) -> Tensor:
    with torch.autocast(weight.device.type, enabled=False):
        w = weight.flatten(1).to(torch.promote_types(weight.dtype, torch.float32))
        w = w if len(w) <= w.shape[1] else w.T
        return (w @ w.T - torch.eye(len(w), device=w.device, dtype=w.dtype)).square().sum()


def _gradient(scores: Tensor, x: Tensor) -> Tensor:
    assert scores.shape in {(len(x),), (len(x), 1)}, f"one score a sample, not {tuple(scores.shape)}"
    (gradient,) = torch.autograd.grad(scores.sum(), x, create_graph=True)
    return gradient.to(torch.promote_types(gradient.dtype, torch.float32))
