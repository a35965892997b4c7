"""Optimisation steps that stay in the graph, so that what comes of them can be differentiated.

Metz et al. 2017 (arXiv 1611.02163), equations 7 to 9.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

TINY = 1e-12


def unrolled(
    loss: Callable[[dict[str, Tensor]], Tensor], parameters: Mapping[str, Tensor], steps: int, lr: float
) -> dict[str, Tensor]:
    """The parameters after `steps` descents on `loss`, differentiable through every step.

    A step is lr times the gradient over its root mean square in each tensor, so as large as Adam's would be. That scale
    counts as a constant, as the state of a running Adam nearly is: a fresh Adam divides each gradient by itself, whose
    derivative is 0 but for spikes where a gradient is near 0.

    loss: from parameters by name to a scalar, whose value may depend on other tensors: gradients reach those too.
    """
    now = dict(parameters)
    for _ in range(steps):
        grads = torch.autograd.grad(loss(now), list(now.values()), create_graph=True)
        for (key, value), grad in zip(list(now.items()), grads, strict=True):
            scale = grad.detach().square().mean().sqrt()
            now[key] = value - lr * grad / (scale + TINY)
    return now
