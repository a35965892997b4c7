"""The way from one latent to another."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from saddlepoint.priors import Slice


def path(a: Tensor, b: Tensor, t: Tensor, slices: Sequence[Slice]) -> Tensor:
    """Latents at t (T,) between a and b, (D,) each: (T, D).

    Normal slices go along the great circle (Shoemake 1985), for the middle of a straight line is shorter than any
    draw; all others go straight.
    """
    sizes = [part.size for part in slices]
    parts = zip(slices, a.split(sizes), b.split(sizes), strict=True)
    return torch.cat([(_arc if s.prior in ("normal", "sphere") else _line)(p, q, t) for s, p, q in parts], 1)


def _line(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    return torch.lerp(a, b, t[:, None])


def _arc(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    angle = torch.acos(torch.nn.functional.cosine_similarity(a, b, 0).clamp(-1, 1))
    if angle.sin() < 1e-4:  # of one number, or all but parallel
        return _line(a, b, t)
    t = t[:, None]
    direction = (torch.sin((1 - t) * angle) * a / a.norm() + torch.sin(t * angle) * b / b.norm()) / angle.sin()
    return direction * torch.lerp(a.norm(), b.norm(), t)
