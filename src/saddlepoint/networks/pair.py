"""The networks of a method that does not prescribe its own: DCGAN's for images, dense ones for points."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from saddlepoint.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from saddlepoint.networks.mlp import mlp
from saddlepoint.types import DataSpec


class MLPGenerator(nn.Module):
    """z (B, latent) and, with classes, labels y (B,) -> points (B, D), by ReLU layers."""

    def __init__(self, latent: int, spec: DataSpec, widths: Sequence[int], classes: int = 0) -> None:
        super().__init__()
        self.classes = classes
        self.layers = mlp(latent + classes, widths, spec.dimensions)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.layers(_with_labels(z, y, self.classes))


class MLPDiscriminator(nn.Module):
    """Points x (B, D) and, with classes, labels y (B,) -> scores (B, outputs), by ReLU layers.

    width: numbers in `features`.
    """

    def __init__(
        self, spec: DataSpec, widths: Sequence[int], classes: int = 0, output_bias: bool = True, outputs: int = 1
    ) -> None:
        super().__init__()
        self.classes = classes
        self.width = widths[-1] if widths else spec.dimensions + classes
        self.layers = mlp(spec.dimensions + classes, widths, outputs, output_bias=output_bias)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self.layers(_with_labels(x, y, self.classes))

    def features(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """The last hidden layer, (B, width)."""
        return self.layers[:-1](_with_labels(x, y, self.classes))


Generator = DCGANGenerator | MLPGenerator
Discriminator = DCGANDiscriminator | MLPDiscriminator


def generator_for(
    spec: DataSpec,
    latent: int,
    width: int,
    widths: Sequence[int],
    classes: int = 0,
    *,
    norm: Callable[[int], nn.Module] = nn.BatchNorm2d,
) -> Generator:
    """A generator of such examples. width: of `DCGANGenerator`, for images; widths: of the hidden layers, for points.

    classes: how many labels it is told apart, 0 for none; norm: of `DCGANGenerator`, the dense one has none.
    """
    if spec.kind == "points":
        return MLPGenerator(latent, spec, widths, classes)
    return DCGANGenerator(latent, spec.shape, width, classes, norm=norm)


def discriminator_for(
    spec: DataSpec,
    width: int,
    widths: Sequence[int],
    classes: int = 0,
    *,
    norm: Callable[[int], nn.Module] | None = nn.BatchNorm2d,
    output_bias: bool = True,
    outputs: int = 1,
) -> Discriminator:
    """A discriminator of such examples, (B, outputs), with its last hidden layer as `features`.

    norm: of `DCGANDiscriminator`; the dense one has none.
    """
    if spec.kind == "points":
        return MLPDiscriminator(spec, widths, classes, output_bias, outputs)
    return DCGANDiscriminator(spec.shape, width, classes, norm, output_bias, outputs)


def _with_labels(x: Tensor, y: Tensor | None, classes: int) -> Tensor:
    if not classes:
        return x
    assert y is not None
    return torch.cat([x, one_hot(y, classes).to(x.dtype)], 1)
