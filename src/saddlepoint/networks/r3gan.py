"""R3GAN's networks: config E of Huang et al. 2024 (arXiv 2501.05441), section 4.

Residual networks of inverted bottlenecks without any normalisation. Each network is a row of stages, one per
resolution, and the discriminator is the generator's mirror. Only a block's first two convolutions have biases.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SLOPE = 0.2
GAIN = math.sqrt(2 / (1 + SLOPE**2))  # keeps the variance through a leaky ReLU (He et al. 2015)
SMALLEST = 4

Size = tuple[int, int]
Layer = TypeVar("Layer", nn.Conv2d, nn.Linear)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What decides both networks' layers. `width`: channels of the `full_width` smallest resolutions, a multiple of
    group."""

    width: int
    blocks: int
    expansion: int
    group: int
    full_width: int = 4

    def stages(self, height: int, width: int) -> list[tuple[int, Size]]:
        """(channels, size) of each stage from the image down.

        Sizes halve, rounding up, as long as the shorter side stays at 4 or more; channels halve with each
        resolution beyond the `full_width` smallest, down to one group.
        """
        sizes = [(height, width)]
        while min(half := (-(-sizes[-1][0] // 2), -(-sizes[-1][1] // 2))) >= SMALLEST:
            sizes.append(half)
        halvings = [max(0, len(sizes) - self.full_width - i) for i in range(len(sizes))]
        channels = [max(self.width // 2**n // self.group, 1) * self.group for n in halvings]
        return list(zip(channels, sizes, strict=True))


class ResidualBlock(nn.Module):
    """x + conv1x1(act(grouped conv3x3(act(conv1x1(x))))), wider inside by `expansion`; the identity at first.

    Fix-up initialisation (Zhang et al. 2019): the last convolution is 0 and the others are scaled by
    L^(-1 / (2m - 2)), for m = 3 convolutions in a block and L = `depth` blocks in the network.
    """

    def __init__(self, channels: int, shape: Shape, depth: int) -> None:
        super().__init__()
        inner = channels * shape.expansion
        self.expand = nn.Conv2d(channels, inner, 1)
        self.mix = nn.Conv2d(inner, inner, 3, padding=1, groups=inner // shape.group)
        self.project = nn.Conv2d(inner, channels, 1, bias=False)
        self.activation = nn.LeakyReLU(SLOPE)
        for conv in (self.expand, self.mix):
            _scale(conv, GAIN * depth ** (-1 / 4))
        nn.init.zeros_(self.project.weight)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.activation(self.expand(x))
        return x + self.project(self.activation(self.mix(inner)))


class Transition(nn.Module):
    """Bilinear resampling to `size`, and a 1x1 convolution if the channels change.

    Both are linear and act on different axes, so their order changes nothing but the cost: the convolution runs at
    the smaller size.
    """

    def __init__(self, before: int, after: int, size: Size) -> None:
        super().__init__()
        self.size = size
        self.project = nn.Identity() if before == after else _scale(nn.Conv2d(before, after, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[-2] < self.size[0]:
            return self.resample(self.project(x))
        return self.project(self.resample(x))

    def resample(self, x: Tensor) -> Tensor:
        return F.interpolate(x, self.size, mode="bilinear", align_corners=False)


class Basis(nn.Module):
    """Learned maps of the smallest size, each multiplied by a linear function of z: (B, latent) -> (B, C, h, w)."""

    def __init__(self, latent: int, channels: int, size: Size) -> None:
        super().__init__()
        self.maps = nn.Parameter(torch.randn(channels, *size))
        self.modulation = _scale(nn.Linear(latent, channels, bias=False))

    def forward(self, z: Tensor) -> Tensor:
        return self.maps * self.modulation(z)[:, :, None, None]


class Generator(nn.Sequential):
    """z (B, latent) -> x (B, C, H, W), unbounded: there is no tanh."""

    def __init__(self, image: tuple[int, ...], latent: int, shape: Shape) -> None:
        stages = shape.stages(*image[1:])[::-1]
        depth = len(stages) * shape.blocks
        layers: list[nn.Module] = [Basis(latent, *stages[0])]
        for i, (channels, size) in enumerate(stages):
            if i:
                layers.append(Transition(stages[i - 1][0], channels, size))
            layers += [ResidualBlock(channels, shape, depth) for _ in range(shape.blocks)]
        super().__init__(*layers, _scale(nn.Conv2d(stages[-1][0], image[0], 1, bias=False)))


class Discriminator(nn.Sequential):
    """x (B, C, H, W) -> logits (B, 1)."""

    def __init__(self, image: tuple[int, ...], shape: Shape) -> None:
        stages = shape.stages(*image[1:])
        depth = len(stages) * shape.blocks
        layers: list[nn.Module] = [_scale(nn.Conv2d(image[0], stages[0][0], 1, bias=False))]
        for i, (channels, size) in enumerate(stages):
            if i:
                layers.append(Transition(stages[i - 1][0], channels, size))
            layers += [ResidualBlock(channels, shape, depth) for _ in range(shape.blocks)]
        channels, size = stages[-1]
        pool = _scale(nn.Conv2d(channels, channels, size, groups=channels, bias=False))  # one weight for each place
        super().__init__(*layers, pool, nn.Flatten(), _scale(nn.Linear(channels, 1, bias=False)))


def _scale(layer: Layer, gain: float = 1.0) -> Layer:
    """Normal weights of std gain / sqrt(fan-in), no bias."""
    nn.init.normal_(layer.weight, std=gain / math.sqrt(layer.weight[0].numel()))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
