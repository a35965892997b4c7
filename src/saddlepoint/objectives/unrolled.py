"""Optimisation steps that stay in the graph, so that what comes of them can be differentiated.

Metz et al. 2017 (arXiv 1611.02163), equations 7 to 9.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor


def unrolled(
    loss: Callable[[dict[str, Tensor]], Tensor], parameters: Mapping[str, Tensor], steps: int, rate: float
) -> dict[str, Tensor]:
    """The parameters after `steps` of gradient descent on `loss`, differentiable through every step: equation 7.

    loss: from parameters by name to a scalar, whose value may depend on other tensors: gradients reach those too.
    """
    now = dict(parameters)
    for _ in range(steps):
        grads = torch.autograd.grad(loss(now), list(now.values()), create_graph=True)
        now = {key: value - rate * grad for (key, value), grad in zip(now.items(), grads, strict=True)}
    return now
