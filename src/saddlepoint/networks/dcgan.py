"""DCGAN's generator and discriminator (Radford, Metz and Chintala 2016, arXiv 1511.06434), for images of any size.

Every convolution between two sizes is 5x5 with stride 2 and padding 2, which takes n pixels to exactly ceil(n / 2);
its transpose takes them back to n, odd or even, by its output padding. So nothing is cropped or resized.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from saddlepoint.networks.blocks import init_normal


def pyramid(height: int, width: int) -> list[tuple[int, int]]:
    """Sizes from the image's own to the smallest map, each the half of the one before, rounded up.

    The smaller side ends between 4 and 6 (paper: 64, 32, 16, 8, 4), save that there are always two halvings, so
    images of 8 to 12 pixels end at 2 or 3.
    """
    sizes = [(height, width)]
    while len(sizes) < 3 or min(sizes[-1]) > 6:
        sizes.append((-(-sizes[-1][0] // 2), -(-sizes[-1][1] // 2)))
    return sizes


class DCGANGenerator(nn.Module):
    """z (B, latent) and, with classes, labels y (B,) -> images (B, C, H, W) in (-1, 1).

    shape: (C, H, W); width: channels of the largest hidden map, doubled at each halving (paper: 128 up to 1024);
    norm: makes the normalisation of a hidden layer from its number of channels;
    dropout: share of hidden channels silenced at random in training; bounded: whether the last layer is a tanh.
    """

    def __init__(
        self,
        latent: int,
        shape: tuple[int, ...],
        width: int = 128,
        classes: int = 0,
        *,
        norm: Callable[[int], nn.Module] = nn.BatchNorm2d,
        dropout: float = 0.0,
        bounded: bool = True,
    ) -> None:
        super().__init__()
        channels, *size = shape
        *larger, smallest = pyramid(*size)
        self.classes = classes
        hidden = width * 2 ** (len(larger) - 1)
        # On a 1x1 input this is the paper's "project and reshape", and the result keeps the memory layout.
        layers: list[nn.Module] = [nn.ConvTranspose2d(latent + classes, hidden, smallest, bias=False)]
        for target in reversed(larger):
            layers += [norm(hidden), nn.ReLU(inplace=True), *_dropout(dropout)]
            output = hidden // 2 if target != larger[0] else channels
            layers.append(_double(hidden, output, target, bias=target == larger[0]))
            hidden = output
        self.layers = nn.Sequential(*layers, nn.Tanh() if bounded else nn.Identity())
        init_normal(self)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        if self.classes:
            assert y is not None
            z = torch.cat([z, one_hot(y, self.classes).to(z.dtype)], 1)
        return self.layers(z[:, :, None, None])


class DCGANDiscriminator(nn.Module):
    """Images (B, C, H, W) and, with classes, labels y (B,) as constant planes -> logits (B, outputs).

    shape: (C, H, W); width: channels of the largest hidden map, doubled at each halving;
    norm: makes the normalisation of a layer from its number of channels, None for none; the first layer has none;
    output_bias: whether a constant is added to the logits, which a loss of differences cannot learn; leak: slope of the
    activation below 0, 0 for ReLU; dropout: share of hidden channels silenced at random in training; pool: halves the
    map after a convolution of stride 1, in the place of its stride.
    """

    width: int
    """Numbers in `features`."""

    def __init__(
        self,
        shape: tuple[int, ...],
        width: int = 128,
        classes: int = 0,
        norm: Callable[[int], nn.Module] | None = nn.BatchNorm2d,
        output_bias: bool = True,
        outputs: int = 1,
        *,
        leak: float = 0.2,
        dropout: float = 0.0,
        pool: Callable[[], nn.Module] | None = None,
    ) -> None:
        super().__init__()
        channels, *size = shape
        *larger, smallest = pyramid(*size)
        self.classes = classes
        layers: list[nn.Module] = [*_halve(channels + classes, width, pool), *_leaky(leak, dropout)]
        for _ in larger[1:]:
            layers += _halve(width, 2 * width, pool, bias=norm is None)
            layers += [norm(2 * width)] if norm else []
            layers += _leaky(leak, dropout)
            width *= 2
        self.width = width * smallest[0] * smallest[1]
        # Over the whole map this is the paper's "flattened and fed into a single output".
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, outputs, smallest, bias=output_bias))
        init_normal(self)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self.layers(self._labelled(x, y)).flatten(1)

    def features(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """The last hidden layer, (B, width)."""
        return self.layers[:-1](self._labelled(x, y)).flatten(1)

    def _labelled(self, x: Tensor, y: Tensor | None) -> Tensor:
        if not self.classes:
            return x
        assert y is not None
        planes = one_hot(y, self.classes).to(x.dtype)[:, :, None, None]
        return torch.cat([x, planes.expand(-1, -1, *x.shape[2:])], 1)


def _halve(
    inputs: int, outputs: int, pool: Callable[[], nn.Module] | None = None, bias: bool = True
) -> list[nn.Module]:
    if pool:
        return [nn.Conv2d(inputs, outputs, 5, padding=2, bias=bias), pool()]
    return [nn.Conv2d(inputs, outputs, 5, stride=2, padding=2, bias=bias)]


def _leaky(leak: float, dropout: float) -> list[nn.Module]:
    return [nn.LeakyReLU(leak, inplace=True), *_dropout(dropout)]


def _dropout(share: float) -> list[nn.Module]:
    """Of whole channels: neighbouring pixels are too alike for one to go missing."""
    return [nn.Dropout2d(share)] if share else []


def _double(inputs: int, outputs: int, target: tuple[int, int], bias: bool) -> nn.Module:
    even = 1 - target[0] % 2, 1 - target[1] % 2
    return nn.ConvTranspose2d(inputs, outputs, 5, stride=2, padding=2, output_padding=even, bias=bias)
