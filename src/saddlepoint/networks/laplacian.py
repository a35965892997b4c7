"""The Laplacian pyramid, and the networks of one of its levels.

Burt and Adelson 1983 for the pyramid; Denton et al. 2015 (arXiv 1506.05751), section 2.2 and appendix A, for the
networks.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, interpolate, one_hot, pad

Size = tuple[int, int]


def pyramid_sizes(height: int, width: int) -> list[Size]:
    """From the image's own size to the coarsest: each the half of the one before, rounded up.

    The coarsest has a smaller side of at most 8 (paper: 32, 16, 8), and there are always two levels.
    """
    sizes = [(height, width)]
    while len(sizes) < 2 or min(sizes[-1]) > 8:
        sizes.append((-(-sizes[-1][0] // 2), -(-sizes[-1][1] // 2)))
    return sizes


def down(x: Tensor) -> Tensor:
    """Blur by the binomial filter of five taps and keep every second pixel: sides are halved, rounded up."""
    taps = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0], device=x.device, dtype=x.dtype) / 16
    channels = x.shape[1]
    kernel = (taps[:, None] * taps).expand(channels, 1, 5, 5)
    return conv2d(pad(x, (2, 2, 2, 2), mode="reflect"), kernel, stride=2, groups=channels)


def up(x: Tensor, size: Size) -> Tensor:
    """Enlarge smoothly to `size`."""
    return interpolate(x, size=size, mode="bilinear", align_corners=False)


def decompose(x: Tensor, sizes: Sequence[Size]) -> tuple[list[tuple[Tensor, Tensor]], Tensor]:
    """(low-pass image, residual) of each level, finest first, and the coarsest image.

    At every level low-pass + residual is the image of that level, exactly.
    """
    levels: list[tuple[Tensor, Tensor]] = []
    for size in sizes[:-1]:
        coarser = down(x)
        low = up(coarser, size)
        levels.append((low, x - low))
        x = coarser
    return levels, x


class LevelGenerator(nn.Module):
    """z (B, H W), low-pass image (B, C, H, W), labels (B,) -> residual (B, C, H, W). Noise and label are planes."""

    def __init__(self, channels: int, size: Size, width: int, classes: int) -> None:
        super().__init__()
        self.size, self.classes = size, classes
        self.label = nn.Linear(classes, size[0] * size[1], bias=False)
        self.layers = nn.Sequential(
            nn.Conv2d(channels + 2, width, 5, padding=2),
            nn.ReLU(),
            nn.Conv2d(width, width, 5, padding=2),
            nn.ReLU(),
            nn.Conv2d(width, channels, 5, padding=2),
        )

    def forward(self, z: Tensor, low: Tensor, y: Tensor) -> Tensor:
        label = self.label(one_hot(y, self.classes).to(z.dtype))
        planes = torch.stack([z, label], 1).unflatten(2, self.size)
        return self.layers(torch.cat([low, planes.to(low.dtype)], 1))


class LevelDiscriminator(nn.Module):
    """Residual, low-pass image, labels -> logits (B, 1). It sees the sum of both images, which is the whole one."""

    def __init__(self, channels: int, size: Size, width: int, classes: int) -> None:
        super().__init__()
        self.size, self.classes = size, classes
        self.label = nn.Linear(classes, size[0] * size[1], bias=False)
        half = -(-size[0] // 2) * -(-size[1] // 2)
        self.layers = nn.Sequential(
            nn.Conv2d(2 * channels + 1, width, 5, padding=2),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, width, 5, stride=2, padding=2),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(width * half, 1),
        )

    def forward(self, residual: Tensor, low: Tensor, y: Tensor) -> Tensor:
        label = self.label(one_hot(y, self.classes).to(low.dtype)).unflatten(1, (1, *self.size))
        return self.layers(torch.cat([low + residual, residual, label.to(low.dtype)], 1))
