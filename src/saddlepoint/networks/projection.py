"""Residual networks with conditional batch norm in the generator and a projection in the discriminator.

Miyato and Koyama 2018 (arXiv 1802.05637), section 3 and appendix A; for images of any size.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from saddlepoint.networks.blocks import ConditionalBatchNorm
from saddlepoint.networks.dcgan import pyramid
from saddlepoint.types import DataSpec

Size = tuple[int, int]


class UpBlock(nn.Module):
    """(B, inputs, h, w), labels (B,) -> (B, outputs, *size): two 3x3 convolutions beside a 1x1, enlarged between."""

    def __init__(self, inputs: int, outputs: int, size: Size, classes: int) -> None:
        super().__init__()
        self.size = size
        self.first_norm, self.second_norm = (
            ConditionalBatchNorm(inputs, classes),
            ConditionalBatchNorm(outputs, classes),
        )
        # Without biases: every map passes a batch norm on its way, which takes constants off again.
        self.first, self.second = _conv(inputs, outputs, bias=False), _conv(outputs, outputs, bias=False)
        self.skip = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        h = self.first(interpolate(self.first_norm(x, y).relu(), size=self.size))
        return self.second(self.second_norm(h, y).relu()) + interpolate(self.skip(x), size=self.size)


class ResNetGenerator(nn.Module):
    """z (B, latent), labels y (B,) -> images (B, C, H, W) in (-1, 1).

    width: channels of the largest maps, doubled at each halving up to 16 times (paper: 64 up to 1024).
    """

    def __init__(self, latent: int, spec: DataSpec, width: int) -> None:
        super().__init__()
        channels, *size = spec.shape
        *larger, self.smallest = pyramid(*size)
        widths = [width * min(2**k, 16) for k in range(len(larger) + 1)]
        self.project = nn.Linear(latent, widths[-1] * self.smallest[0] * self.smallest[1])
        self.blocks = nn.ModuleList(
            UpBlock(widths[k + 1], widths[k], larger[k], len(spec.classes)) for k in reversed(range(len(larger)))
        )
        self.output = nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(), _conv(width, channels), nn.Tanh())
        _glorot(self)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        x = self.project(z).unflatten(1, (-1, *self.smallest))
        for block in self.blocks:
            x = block(x, y)
        return self.output(x)


class DownBlock(nn.Module):
    """(B, inputs, h, w) -> (B, outputs, h / 2, w / 2), sides rounded up; the first block does not begin with a ReLU."""

    def __init__(self, inputs: int, outputs: int, first: bool = False, shrink: bool = True) -> None:
        super().__init__()
        self.begins, self.shrink = not first, shrink
        self.first, self.second = _conv(inputs, outputs), _conv(outputs, outputs)
        self.skip = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.second(self.first(x.relu() if self.begins else x).relu())
        return self._pool(h) + self.skip(self._pool(x))

    def _pool(self, x: Tensor) -> Tensor:
        return avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False) if self.shrink else x


class ResNetFeatures(nn.Module):
    """Images (B, C, H, W) -> features (B, out), the sum over the last map's positions (paper: global sum pooling)."""

    def __init__(self, spec: DataSpec, width: int) -> None:
        super().__init__()
        channels, *size = spec.shape
        widths = [width * min(2**k, 16) for k in range(len(pyramid(*size)) - 1)]
        blocks = [DownBlock(channels, width, first=True)]
        blocks += [DownBlock(a, b) for a, b in pairwise(widths)]
        self.blocks = nn.Sequential(*blocks, DownBlock(widths[-1], widths[-1], shrink=False))
        self.out = widths[-1]
        _glorot(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.blocks(x).relu().sum((2, 3))


class Projection(nn.Module):
    """x, labels y (B,) -> scores (B, 1): y^T V phi(x) + psi(phi(x)), equation 3. phi: x -> features (B, width)."""

    def __init__(self, phi: nn.Module, width: int, classes: int) -> None:
        super().__init__()
        self.phi = phi
        self.psi, self.classes = nn.Linear(width, 1, bias=False), nn.Embedding(classes, width)
        nn.init.xavier_uniform_(self.classes.weight)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        features = self.phi(x)
        return self.psi(features) + (self.classes(y).to(features.dtype) * features).sum(1, keepdim=True)


def _conv(inputs: int, outputs: int, bias: bool = True) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias)


def _glorot(network: nn.Module) -> None:
    """Uniform weights of Glorot and Bengio 2010, times the square root of 2 but for the 1x1 convolutions."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            plain = isinstance(layer, nn.Linear) or layer.kernel_size == (1, 1)
            nn.init.xavier_uniform_(layer.weight, gain=1.0 if plain else 2**0.5)
            if layer.bias is not None:
                torch.nn.init.zeros_(layer.bias)
