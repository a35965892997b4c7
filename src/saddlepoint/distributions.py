"""Distributions that models put together: parameters in tensors, samples from given noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from saddlepoint.types import Noise


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


class Standard(Protocol):
    """A distribution of independent numbers without parameters."""

    @staticmethod
    def sample(noise: Noise, dimensions: int) -> Tensor:
        """(B, dimensions), one row for each of the noise."""
        ...

    @staticmethod
    def log_prob(z: Tensor) -> Tensor:
        """Log-density in nats, summed over the numbers of an example: (B, ...) -> (B,)."""
        ...


class StandardNormal:
    @staticmethod
    def sample(noise: Noise, dimensions: int) -> Tensor:
        return noise.normal(dimensions)

    @staticmethod
    def log_prob(z: Tensor) -> Tensor:
        return -0.5 * (z**2 + math.log(2 * math.pi)).flatten(1).sum(1)


class StandardLogistic:
    """Density sigmoid(z) sigmoid(-z)."""

    @staticmethod
    def sample(noise: Noise, dimensions: int) -> Tensor:
        return torch.logit(noise.uniform(dimensions), eps=1e-7)  # a draw of 0 would be -inf

    @staticmethod
    def log_prob(z: Tensor) -> Tensor:
        return (logsigmoid(z) + logsigmoid(-z)).flatten(1).sum(1)
