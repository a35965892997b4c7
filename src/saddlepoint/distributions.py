"""Distributions that models put together: parameters in tensors, samples from given noise."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
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
        """Log-density of each example in nats, summed over its numbers: (B, ...) -> (B,), or (k, B, ...) -> (k, B)."""
        z = (x - self.mean) * torch.exp(-self.log_std)
        density = -(0.5 * z**2 + self.log_std + 0.5 * math.log(2 * math.pi))
        return density.flatten(1 - self.mean.ndim).sum(-1)

    def detach(self) -> DiagonalNormal:
        """The same, of which no gradient reaches the parameters."""
        return DiagonalNormal(self.mean.detach(), self.log_std.detach())
