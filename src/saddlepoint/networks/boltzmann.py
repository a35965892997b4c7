"""A restricted Boltzmann machine: two layers of binary units, joined only with each other (Smolensky 1986)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from saddlepoint.types import Noise


class BoltzmannMachine(nn.Module):
    """p(v, h) = exp(v W h + b v + c h) / Z for v in {0, 1}^visible and h in {0, 1}^hidden."""

    def __init__(self, visible: int, hidden: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.01 * torch.randn(visible, hidden))
        self.visible_bias = nn.Parameter(torch.zeros(visible))
        self.hidden_bias = nn.Parameter(torch.zeros(hidden))

    def free_energy(self, v: Tensor) -> Tensor:
        """F with p(v) = exp(-F(v)) / Z: (B, visible) -> (B,), in nats."""
        return -(v @ self.visible_bias).float() - softplus((v @ self.weight + self.hidden_bias).float()).sum(1)

    def hidden(self, v: Tensor) -> Tensor:
        """p(h = 1 | v): (B, visible) -> (B, hidden)."""
        return (v @ self.weight + self.hidden_bias).float().sigmoid()

    def visible(self, h: Tensor) -> Tensor:
        """p(v = 1 | h): (B, hidden) -> (B, visible)."""
        return (h @ self.weight.T + self.visible_bias).float().sigmoid()

    @torch.no_grad()
    def gibbs(self, v: Tensor, noise: Noise, steps: int) -> Tensor:
        """v after so many times h ~ p(h | v) and v ~ p(v | h)."""
        for _ in range(steps):
            p = self.hidden(v)
            h = (noise.uniform(p.shape[1]) < p).float()
            p = self.visible(h)
            v = (noise.uniform(p.shape[1]) < p).float()
        return v
