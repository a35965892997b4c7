"""The logarithm of a restricted Boltzmann machine's partition function, in nats.

p(v, h) = exp(v W h + b v + c h) / Z with weight W (visible, hidden), visible bias b and hidden bias c, and all units
0 or 1.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import softplus

from saddlepoint.types import Noise

MOST = 25
"""Units that are enumerated at most: 2^25 states take a minute or so."""


@torch.no_grad()
def log_partition(weight: Tensor, visible: Tensor, hidden: Tensor) -> Tensor:
    """log Z exactly, float64 (), by a sum over all states of the smaller layer, whose other layer sums by itself.

    weight: (visible, hidden); visible, hidden: the biases. The smaller layer has at most `MOST` units.
    """
    if len(hidden) > len(visible):
        weight, visible, hidden = weight.T, hidden, visible
    units, weight, visible, hidden = len(hidden), weight.double(), visible.double(), hidden.double()
    assert units <= MOST, f"2^{units} states are too many to enumerate"
    place = torch.arange(units, device=weight.device)
    parts: list[Tensor] = []
    for states in torch.arange(2**units, device=weight.device).split(2**14):
        h = (states[:, None] >> place & 1).double()
        parts.append(torch.logsumexp(h @ hidden + softplus(h @ weight.T + visible).sum(1), 0))
    return torch.logsumexp(torch.stack(parts), 0)


@torch.no_grad()
def annealed_log_weights(
    weight: Tensor, visible: Tensor, hidden: Tensor, noise: Noise, steps: int, base: Tensor | None = None
) -> Tensor:
    """(B,) log w, one run for each row of the noise, with E[w] = Z: annealed importance sampling.

    Salakhutdinov & Murray 2008, section 4: from a machine without weights and with visible bias `base` (visible,),
    by default b, to this one over inverse temperatures evenly spaced in [0, 1], each followed by a Gibbs step. What is
    unbiased is w; its log is on average too low, and with few steps far too low.
    """
    base = visible if base is None else base
    v = (noise.uniform(len(visible)) < base.sigmoid()).to(weight.dtype)
    total = v.new_full((len(v),), float(softplus(base).sum()) + len(hidden) * math.log(2)).double()
    for step in range(1, steps + 1):
        before, beta = (step - 1) / steps, step / steps
        told, bias = v @ weight + hidden, v @ (visible - base)
        change = softplus(beta * told) - softplus(before * told)
        total += (change.sum(1) + (beta - before) * bias).double()
        h = (noise.uniform(len(hidden)) < (beta * told).sigmoid()).to(weight.dtype)
        log_odds = (1 - beta) * base + beta * (h @ weight.T + visible)
        v = (noise.uniform(len(visible)) < log_odds.sigmoid()).to(weight.dtype)
    return total


def log_mean(log_weights: Tensor) -> tuple[Tensor, Tensor]:
    """log of the mean of w (B,), and its standard error, std(w) / (mean(w) sqrt(B))."""
    count = len(log_weights)
    log_z = torch.logsumexp(log_weights, 0) - math.log(count)
    return log_z, (log_weights - log_z).exp().std() / math.sqrt(count)
