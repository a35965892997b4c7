"""Encoders and decoders without normalisation: a dense pair and a convolutional pair.

Encoders map x to (B, outputs). Decoders map z (B, latent) to (B, heads * C, H, W) or (B, heads * D).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from saddlepoint.networks.mlp import mlp


def dense_encoder(shape: tuple[int, ...], hidden: int, outputs: int, layers: int = 1) -> nn.Module:
    """Hidden layers of tanh units: one of them in Kingma & Welling 2014 (appendix C)."""
    return nn.Sequential(nn.Flatten(), *mlp(math.prod(shape), [hidden] * layers, outputs, nn.Tanh))


def dense_decoder(shape: tuple[int, ...], hidden: int, latent: int, heads: int, layers: int = 1) -> nn.Module:
    output = (heads * shape[0], *shape[1:])
    return nn.Sequential(*mlp(latent, [hidden] * layers, math.prod(output), nn.Tanh), nn.Unflatten(1, output))


def conv_encoder(shape: tuple[int, ...], channels: int, outputs: int) -> nn.Module:
    """Strided 3x3 convolutions down to at most 4 pixels on the shorter side, then one linear layer."""
    sizes, widths = _plan(shape, channels)
    layers: list[nn.Module] = []
    for before, after in zip([shape[0], *widths], widths, strict=False):
        layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * math.prod(sizes[-1]), outputs))


class WithHead(nn.Module):
    """An encoder (B, ...) -> (B, outputs) with a second linear head on its features: (B, outputs + extra).

    dropout: of the features that the second head sees.
    """

    def __init__(self, encoder: nn.Sequential, extra: int, dropout: float) -> None:
        super().__init__()
        *features, code = encoder
        assert isinstance(code, nn.Linear)
        self.features, self.code = nn.Sequential(*features), code
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(code.in_features, extra))

    def forward(self, x: Tensor) -> Tensor:
        features = self.features(x)
        return torch.cat([self.code(features), self.head(features)], 1)


def conv_decoder(shape: tuple[int, ...], channels: int, latent: int, heads: int) -> nn.Module:
    """The encoder's mirror: its sizes in reverse, reached exactly by transposed convolutions."""
    sizes, widths = _plan(shape, channels)
    smallest = (widths[-1], *sizes[-1])
    layers: list[nn.Module] = [nn.Linear(latent, math.prod(smallest)), nn.Unflatten(1, smallest), nn.ReLU()]
    for i in reversed(range(len(widths))):
        # Out comes 2n - 1 + extra, and an encoder's n came from 2n - 1 or from 2n.
        (height, width), (h, w) = sizes[i], sizes[i + 1]
        extra = (height - (2 * h - 1), width - (2 * w - 1))
        after = widths[max(i - 1, 0)]
        layers += [nn.ConvTranspose2d(widths[i], after, 3, stride=2, padding=1, output_padding=extra), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(widths[0], heads * shape[0], 3, padding=1))


def _plan(shape: tuple[int, ...], channels: int) -> tuple[list[tuple[int, int]], list[int]]:
    """Sizes from the image down, and the channels after each halving: doubling, at most 8 times the first."""
    sizes = [(shape[1], shape[2])]
    while len(sizes) == 1 or min(sizes[-1]) > 4:
        sizes.append((-(-sizes[-1][0] // 2), -(-sizes[-1][1] // 2)))
    return sizes, [channels * 2 ** min(i, 3) for i in range(len(sizes) - 1)]
