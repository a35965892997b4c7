"""Mixtures of discretised logistics over whole pixels (Salimans et al. 2017, arXiv 1701.05517)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from saddlepoint.objectives.likelihoods import LEVELS, logistic_log_mass


@dataclass(frozen=True)
class LogisticMixture:
    """Pixels of 256 levels: M discretised logistics, whose mean in a channel depends on the channels before it.

    Salimans et al. 2017 (arXiv 1701.05517), equations 1 to 3. parameters: (B, M, F, H, W), where the F = (C + 1)(C + 2)
    / 2 are a logit, C means, C log-scales and C (C - 1) / 2 coefficients, those of channel 1 first.
    """

    parameters: Tensor
    joint: ClassVar[bool] = True

    def log_prob(self, x: Tensor) -> Tensor:
        """Log-probability of each example in nats, summed over its pixels: (B, C, H, W) -> (B,)."""
        parameters, channels = self.parameters.float(), x.shape[1]
        each = [
            logistic_log_mass(x[:, None, c], *_channel(parameters, channels, c, x[:, None])) for c in range(channels)
        ]
        mass = torch.stack(each).sum(0)
        return torch.logsumexp(parameters[:, :, 0].log_softmax(1) + mass, 1).flatten(1).sum(1)

    def sample(self, uniform: Tensor) -> Tensor:
        """Pixels from uniform draws on [0, 1): (B, C, H, W) -> (B, C, H, W).

        A pixel's first draw says which logistic, and by its place in that one's share of [0, 1) the first channel.
        """
        parameters, channels = self.parameters.float(), uniform.shape[1]
        share = parameters[:, :, 0].softmax(1)
        ends, first = share.cumsum(1), uniform[:, 0]
        chosen = (ends[:, :-1] <= first[:, None]).sum(1, keepdim=True)
        start, width = ((edge.gather(1, chosen))[:, 0] for edge in (ends - share, share))
        index = chosen[:, :, None].expand(-1, -1, *parameters.shape[2:])
        own = parameters.gather(1, index)  # (B, 1, F, H, W)
        x = torch.zeros_like(uniform)
        for c in range(channels):
            mean, log_scale = _channel(own, channels, c, x[:, None])
            draw = (first - start) / width if c == 0 else uniform[:, c]
            value = mean[:, 0] + torch.exp(log_scale[:, 0]) * torch.logit(draw, eps=1e-6)
            x[:, c] = ((value.clamp(-1, 1) + 1) / 2 * (LEVELS - 1)).round() * (2 / (LEVELS - 1)) - 1
        return x


def _channel(parameters: Tensor, channels: int, c: int, x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and log-scale of channel c given those before it in x (B, 1, C, H, W): each (B, M, H, W)."""
    coefficients = parameters[:, :, 1 + 2 * channels + c * (c - 1) // 2 :][:, :, :c].tanh()
    mean = parameters[:, :, 1 + c] + (coefficients * x[:, :, :c]).sum(2)
    return mean, parameters[:, :, 1 + channels + c].clamp_min(-7.0)
