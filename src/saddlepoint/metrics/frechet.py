"""The Frechet distance between two sets of features (Heusel et al. 2017, arXiv 1706.08500, equation 6)."""

from __future__ import annotations

import torch
from torch import Tensor


class Moments:
    """Mean and covariance in float64, from any number of chunks: memory is dim² whatever the count.

    The update is Chan, Golub & LeVeque's pairwise one, which does not cancel as a sum of squares does.
    """

    def __init__(self, dim: int) -> None:
        self.count = 0
        self.mean = torch.zeros(dim, dtype=torch.float64)
        self.scatter = torch.zeros(dim, dim, dtype=torch.float64)

    @classmethod
    def of(cls, features: Tensor, chunk: int = 4096) -> Moments:
        """The moments of (N, dim) features."""
        moments = cls(features.shape[1])
        for part in features.split(chunk):
            moments.update(part)
        return moments

    def update(self, features: Tensor) -> None:
        """Take in (B, dim) more."""
        x = features.to("cpu", torch.float64)
        if not len(x):
            return
        total, mean = self.count + len(x), x.mean(0)
        centred, step = x - mean, mean - self.mean
        self.scatter += centred.T @ centred + torch.outer(step, step) * (self.count * len(x) / total)
        self.mean = self.mean + step * (len(x) / total)
        self.count = total

    @property
    def covariance(self) -> Tensor:
        """(dim, dim), divided by count - 1."""
        assert self.count > 1
        return self.scatter / (self.count - 1)


def frechet_distance(a: Moments, b: Moments) -> float:
    """|m_a - m_b|² + tr(S_a + S_b - 2 (S_a S_b)^½); never below 0."""
    cov_a, cov_b = a.covariance, b.covariance
    # the root is taken of the covariance of lower rank, so that a small sample costs a small second problem
    first, second = (cov_a, cov_b) if a.count <= b.count else (cov_b, cov_a)
    distance = (a.mean - b.mean).square().sum() + cov_a.trace() + cov_b.trace() - 2 * _trace_root(first, second)
    return max(float(distance), 0.0)


def _trace_root(first: Tensor, second: Tensor) -> Tensor:
    """tr (S_1 S_2)^½ = the sum of the roots of the eigenvalues of R^T S_2 R, where S_1 = R R^T.

    Both problems are symmetric, so the result is real and exact for singular covariances, where the general matrix
    root is neither. Directions in which S_1 has no variance beyond rounding contribute nothing and are dropped.
    """
    scale, directions = torch.linalg.eigh(first)
    kept = scale > scale[-1].clamp(min=0) * len(scale) * torch.finfo(torch.float64).eps
    root = directions[:, kept] * scale[kept].sqrt()
    return torch.linalg.eigvalsh(root.T @ second @ root).clamp(min=0).sqrt().sum()
