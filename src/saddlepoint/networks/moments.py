"""The mean and covariance of vectors, kept up while they change."""

from __future__ import annotations

import torch
from torch import Tensor, nn

WINDOW = 100
"""Of the last so many batches, in the manner of an exponential average; the first ones count alike."""
JITTER = 1e-5
"""Of the vectors' mean square: what a direction without variance is given, so that the covariance has a root."""


class Moments(nn.Module):
    """Running first and second moments of (B, D) vectors, as buffers; before any, those of a standard normal."""

    def __init__(self, dimensions: int) -> None:
        super().__init__()
        self.first: Tensor
        self.second: Tensor
        self.register_buffer("first", torch.zeros(dimensions))
        self.register_buffer("second", torch.eye(dimensions))

    def add(self, vectors: Tensor, t: int) -> None:
        """Take in the vectors of step t = 0, 1, ..."""
        rate = max(1 / (t + 2), 1 / WINDOW)
        vectors = vectors.float()
        self.first.lerp_(vectors.mean(0), rate)
        self.second.lerp_(vectors.T @ vectors / len(vectors), rate)

    def covariance(self) -> Tensor:
        """(D, D) float64."""
        first, second = self.first.double(), self.second.double()
        return second - torch.outer(first, first)

    def normal(self, noise: Tensor) -> Tensor:
        """Draws of the normal with these moments from standard normal ones: (B, D) -> (B, D)."""
        jitter = JITTER * self.second.double().diagonal().mean()
        root = torch.linalg.cholesky(self.covariance() + jitter * torch.eye(len(self.first), device=noise.device))
        return self.first + noise @ root.to(noise.dtype).T
