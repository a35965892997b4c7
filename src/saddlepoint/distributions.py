"""Distributions that models put together: parameters in tensors, samples from given noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

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
        """Log-density of each example in nats, summed over its numbers: (B, ...) -> (B,), or (k, B, ...) -> (k, B)."""
        z = (x - self.mean) * torch.exp(-self.log_std)
        density = -(0.5 * z**2 + self.log_std + 0.5 * math.log(2 * math.pi))
        return density.flatten(1 - self.mean.ndim).sum(-1)

    def detach(self) -> DiagonalNormal:
        """The same, of which no gradient reaches the parameters."""
        return DiagonalNormal(self.mean.detach(), self.log_std.detach())


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


def standard_normal_log_prob(z: Tensor) -> Tensor:
    """log N(z; 0, I) in nats, over the last dimension: (..., D) -> (...)."""
    return -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)


def planar_flows(z: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
    """Planar flows, one after another, with parameters of each example's own: z (..., B, D) and log |det dz'/dz|.

    z + u tanh(w'z + b) of Rezende & Mohamed 2015 (arXiv 1505.05770), equations 10 to 12; u is moved along w so that
    w'u > -1 and each is invertible (their appendix A.1). parameters: (B, K * (2 D + 1)), for K flows.
    """
    dimensions = z.shape[-1]
    log_det = torch.zeros_like(z[..., 0])
    size = 2 * dimensions + 1
    for start in range(0, parameters.shape[-1], size):
        u, w, b = parameters[..., start : start + size].split((dimensions, dimensions, 1), dim=-1)
        product = (w * u).sum(-1, keepdim=True)
        u = u + (F.softplus(product) - 1 - product) * w / (w.square().sum(-1, keepdim=True) + 1e-12)
        height = torch.tanh((w * z).sum(-1, keepdim=True) + b)
        log_det = log_det + torch.log1p((1 - height[..., 0] ** 2) * (w * u).sum(-1))
        z = z + u * height
    return z, log_det


class Standard(Protocol):
    """A distribution of independent numbers without parameters."""

    name: ClassVar[Literal["normal", "logistic"]]
    """As `priors.Slice` has it."""

    @staticmethod
    def sample(noise: Noise, dimensions: int) -> Tensor:
        """(B, dimensions), one row for each of the noise."""
        ...

    @staticmethod
    def log_prob(z: Tensor) -> Tensor:
        """Log-density in nats, summed over the numbers of an example: (B, ...) -> (B,)."""
        ...


class StandardNormal:
    name: ClassVar[Literal["normal", "logistic"]] = "normal"

    @staticmethod
    def sample(noise: Noise, dimensions: int) -> Tensor:
        return noise.normal(dimensions)

    @staticmethod
    def log_prob(z: Tensor) -> Tensor:
        return standard_normal_log_prob(z.flatten(1))


class StandardLogistic:
    """Density sigmoid(z) sigmoid(-z)."""

    name: ClassVar[Literal["normal", "logistic"]] = "logistic"

    @staticmethod
    def sample(noise: Noise, dimensions: int) -> Tensor:
        return torch.logit(noise.uniform(dimensions), eps=1e-7)  # a draw of 0 would be -inf

    @staticmethod
    def log_prob(z: Tensor) -> Tensor:
        return (F.logsigmoid(z) + F.logsigmoid(-z)).flatten(1).sum(1)
