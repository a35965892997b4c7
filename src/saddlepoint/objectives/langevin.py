"""Stochastic gradient Hamiltonian Monte Carlo by a plain optimiser: Chen, Fox & Guestrin 2014 (arXiv 1402.4102).

SGD with momentum 1 - alpha that descends U / N, with noise n added to its gradient, makes (their equation 15)

    v <- (1 - alpha) v - eta grad U + N(0, 2 alpha eta),    theta <- theta + v,    eta = lr / N,

for n of variance 2 alpha / (N lr). Its weights then are draws from exp(-U), up to its step size. A term <theta, n> in
the loss has just this gradient, so the optimiser needs to know nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from saddlepoint.types import Noise


def langevin_term(parameters: Sequence[Tensor], noise: Noise, friction: float, lr: float, examples: int) -> Tensor:
    """<theta, n> of all parameters, n ~ N(0, 2 alpha / (N lr)): a scalar whose gradient is the noise.

    noise: of any rows; equal keys give the equal noise that all parts of a batch and all processes need.
    friction: alpha; lr: of SGD with momentum 1 - alpha; examples: N, for a loss that is U / N.
    """
    flat = torch.cat([p.flatten() for p in parameters])
    drawn = Noise(*noise.key, "langevin", rows=Noise.BLOCK, device=noise.device)
    n = drawn.normal(-(-len(flat) // Noise.BLOCK)).flatten()[: len(flat)]
    return (2 * friction / (examples * lr)) ** 0.5 * (flat * n).sum()


def gaussian_prior(parameters: Sequence[Tensor], std: float) -> Tensor:
    """-log N(theta; 0, std²) of all parameters up to a constant: ||theta||² / (2 std²), a scalar."""
    return torch.stack([p.square().sum() for p in parameters]).sum() / (2 * std**2)
