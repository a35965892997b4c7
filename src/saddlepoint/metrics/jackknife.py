"""Standard errors of statistics that are no plain means, by leaving out one block of examples at a time."""

from __future__ import annotations

import math

import torch
from torch import Tensor

BLOCKS = 20


def blocks(count: int, number: int) -> list[Tensor]:
    """`count` positions dealt to blocks at random (always the same way): stored data is often sorted."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(0))
    return list(order.tensor_split(number))


def standard_error(left_out: Tensor) -> float:
    """The delete-a-block jackknife (Efron & Tibshirani 1993, chapter 11): (G,) values, each without one block."""
    groups = len(left_out)
    return math.sqrt((groups - 1) / groups * float((left_out - left_out.mean()).square().sum()))
