"""What makes of an image others that could as well have been in the data."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.types import Noise


def flipped(x: Tensor, noise: Noise) -> Tensor:
    """Each image (B, C, H, W) mirrored left to right, or not."""
    return torch.where(noise.uniform(1, 1, 1) < 0.5, x, x.flip(-1))


def shifted(x: Tensor, most: int, noise: Noise) -> Tensor:
    """Each image (B, C, H, W) moved by up to `most` whole pixels up or down and left or right; edges fill the gap."""
    height, width = x.shape[2:]
    by = noise.integers(2 * most + 1, 2) - most
    rows = (torch.arange(height, device=x.device) - by[:, :1]).clamp(0, height - 1)
    columns = (torch.arange(width, device=x.device) - by[:, 1:]).clamp(0, width - 1)
    x = x.take_along_dim(rows[:, None, :, None], 2)
    return x.take_along_dim(columns[:, None, None, :], 3)
