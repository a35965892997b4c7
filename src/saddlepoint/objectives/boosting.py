"""Weights of the examples for the next component of a mixture: Tolstikhin et al. 2017 (arXiv 1701.02386).

d(x) = p_model(x) / p_data(x) is the present mixture's density over the data's; a discriminator between the two gives
it as (1 - D) / D. beta is the share of the mixture that the next component gets.
"""

from __future__ import annotations

import torch
from torch import Tensor


def example_weights(ratio: Tensor, level: Tensor, beta: float) -> Tensor:
    """w(x) = (lambda* - (1 - beta) d(x))_+ / beta: theorem 1 over the data's density, of mean 1 over the data.

    What the mixture lacks (d = 0) weighs lambda* / beta, what it has in plenty nothing. ratio: d, (B,) or any shape.
    """
    return (level - (1 - beta) * ratio).clamp(min=0) / beta


def solve_level(ratio: Tensor, beta: float) -> Tensor:
    """lambda*, for which `example_weights` over these examples have mean 1; a scalar (algorithm 3).

    With the ratios in ascending order, lambda_L = (beta N + (1 - beta) sum_{i <= L} d_i) / L would be right if the
    first L examples were those of positive weight; it is at the largest L where they are: (1 - beta) d_L < lambda_L.

    ratio: d of N equally likely examples, (N,); beta: in (0, 1].
    """
    d = (1 - beta) * ratio.double().sort().values
    first = torch.arange(1, len(d) + 1, dtype=d.dtype, device=d.device)
    levels = (beta * len(d) + d.cumsum(0)) / first
    return levels[(d < levels).sum() - 1].to(ratio.dtype)
