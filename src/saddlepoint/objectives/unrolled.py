"""Optimisation steps that stay in the graph, so that what comes of them can be differentiated.

Metz et al. 2017 (arXiv 1611.02163), equations 7 to 9.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

EPSILON = 1e-8


def unrolled_adam(
    loss: Callable[[dict[str, Tensor]], Tensor],
    parameters: Mapping[str, Tensor],
    steps: int,
    lr: float,
    betas: tuple[float, float],
) -> dict[str, Tensor]:
    """The parameters after `steps` of a fresh Adam on `loss`, differentiable through every step.

    loss: from parameters by name to a scalar, whose value may depend on other tensors: gradients reach those too.
    """
    now = dict(parameters)
    first = {key: torch.zeros_like(value) for key, value in now.items()}
    second = dict(first)
    for step in range(1, steps + 1):
        grads = torch.autograd.grad(loss(now), list(now.values()), create_graph=True)
        for key, grad in zip(now, grads, strict=True):
            first[key] = betas[0] * first[key] + (1 - betas[0]) * grad
            second[key] = betas[1] * second[key] + (1 - betas[1]) * grad.square()
            mean, square = first[key] / (1 - betas[0] ** step), second[key] / (1 - betas[1] ** step)
            # Inside the root, where a weight without a gradient would make the root's own derivative infinite.
            now[key] = now[key] - lr * mean / (square + EPSILON**2).sqrt()
    return now
