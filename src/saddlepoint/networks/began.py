"""BEGAN's convolutional networks (Berthelot et al. 2017, arXiv 1703.10717, figure 1), for images of any size.

3x3 convolutions with exponential linear units, two at each size; no normalisation and no bounded output. Sizes halve,
rounded up, until the smaller side is at most 8.
"""

from __future__ import annotations

import math

import torch.nn.functional as F
from torch import Tensor, nn


class BEGANEncoder(nn.Module):
    """Images (B, C, H, W) -> codes (B, code). Maps have n channels, then 2n, 3n, ... after each halving."""

    def __init__(self, shape: tuple[int, ...], n: int, code: int) -> None:
        super().__init__()
        sizes = _sizes(shape)
        layers: list[nn.Module] = [_conv(shape[0], n), nn.ELU()]
        for level in range(1, len(sizes) + 1):
            layers += [_conv(level * n, level * n), nn.ELU()]
            if level < len(sizes):  # the second convolution of a size is the one that widens and halves
                layers += [_conv(level * n, (level + 1) * n, stride=2), nn.ELU()]
        layers += [_conv(len(sizes) * n, len(sizes) * n), nn.ELU(), nn.Flatten()]
        self.layers = nn.Sequential(*layers, nn.Linear(len(sizes) * n * math.prod(sizes[-1]), code))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class BEGANDecoder(nn.Module):
    """Codes (B, code) -> images (B, C, H, W): n channels at each size, enlarged by repeating pixels."""

    def __init__(self, shape: tuple[int, ...], n: int, code: int) -> None:
        super().__init__()
        *self.larger, smallest = _sizes(shape)
        self.project = nn.Sequential(nn.Linear(code, n * math.prod(smallest)), nn.Unflatten(1, (n, *smallest)))
        self.blocks = nn.ModuleList(
            nn.Sequential(_conv(n, n), nn.ELU(), _conv(n, n), nn.ELU()) for _ in range(len(self.larger) + 1)
        )
        self.to_image = _conv(n, shape[0])

    def forward(self, z: Tensor) -> Tensor:
        x = self.blocks[-1](self.project(z))
        for block, size in zip(reversed(list(self.blocks)[:-1]), reversed(self.larger), strict=True):
            x = block(F.interpolate(x, size=size, mode="nearest"))
        return self.to_image(x)


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)


def _sizes(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """The image's own size, then halves."""
    sizes = [(shape[1], shape[2])]
    while min(sizes[-1]) > 8:
        sizes.append((-(-sizes[-1][0] // 2), -(-sizes[-1][1] // 2)))
    return sizes
