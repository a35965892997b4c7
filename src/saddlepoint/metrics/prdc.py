"""Precision and recall (Kynkäänniemi et al. 2019, arXiv 1904.06991), density and coverage (Naeem et al. 2020,
arXiv 2002.09797), with balls as open as in the latter's published code."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.metrics.neighbours import CHUNK, distances


def prdc(real: Tensor, fake: Tensor, k: int = 5) -> dict[str, float]:
    """The four numbers for (N, d) real and (M, d) generated features; k neighbours make a ball's radius.

    precision: share of fakes inside any real example's ball; recall: share of reals inside any fake's ball;
    density: real balls around a fake, over k; coverage: share of reals with a fake in their ball.
    """
    assert 1 <= k < min(len(real), len(fake))
    real_radius, fake_radius = radii(real, k), radii(fake, k)
    recalled = torch.zeros(len(real), dtype=torch.bool)
    covered = torch.zeros(len(real), dtype=torch.bool)
    precise, within = 0, 0
    for part, radius in zip(fake.split(CHUNK), fake_radius.split(CHUNK), strict=True):
        apart = distances(part, real)
        inside = apart < real_radius  # (fakes, reals)
        precise += int(inside.any(1).sum())
        within += int(inside.sum())
        covered |= inside.any(0)
        recalled |= (apart < radius[:, None]).any(0)
    return {
        "precision": precise / len(fake),
        "recall": float(recalled.double().mean()),
        "density": within / (k * len(fake)),
        "coverage": float(covered.double().mean()),
    }


def radii(x: Tensor, k: int) -> Tensor:
    """(N,) distances of each of (N, d) to its k-th nearest other."""
    parts: list[Tensor] = []
    for start in range(0, len(x), CHUNK):
        apart = distances(x[start : start + CHUNK], x)
        rows = torch.arange(len(apart))
        apart[rows, start + rows] = torch.inf
        parts.append(apart.topk(k, largest=False).values[:, -1])
    return torch.cat(parts)
