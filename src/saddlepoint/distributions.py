"""Distributions that models put together: parameters in tensors, samples from given noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class DiagonalNormal:
    """Independent normals, one for each number of an example. mean, log_std: (B, ...)."""

    mean: Tensor
    log_std: Tensor

    def sample(self, noise: Tensor) -> Tensor:
        """mean + std * noise, the reparameterisation of Kingma & Welling 2014, section 2.4. noise: standard normal."""
        return self.mean + torch.exp(self.log_std) * noise

    def log_prob(self, x: Tensor) -> Tensor:
        """Log-density of each example in nats, summed over its numbers: (B, ...) -> (B,)."""
        z = (x - self.mean) * torch.exp(-self.log_std)
        return -(0.5 * z**2 + self.log_std + 0.5 * math.log(2 * math.pi)).flatten(1).sum(1)


@dataclass(frozen=True)
class Levels:
    """Independent numbers of L evenly spaced levels from -1 to 1. logits: (B, L, ...) -> numbers (B, ...)."""

    logits: Tensor
    joint: ClassVar[bool] = False

    def log_prob(self, x: Tensor) -> Tensor:
        """Log-probability of each example in nats, summed over its numbers: (B, ...) -> (B,)."""
        level = ((x + 1) / 2 * (self.logits.shape[1] - 1)).round().long()
        return -F.cross_entropy(self.logits.float(), level, reduction="none").flatten(1).sum(1)

    def sample(self, uniform: Tensor) -> Tensor:
        """The quantile of each uniform draw from [0, 1): (B, ...) -> (B, ...)."""
        last = self.logits.shape[1] - 1
        below = self.logits.float().softmax(1).cumsum(1) <= uniform[:, None]
        return below.sum(1).clamp(max=last).to(uniform) * (2 / last) - 1  # rounding may leave the last sum below 1
