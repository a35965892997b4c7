"""Coupling layers: one part of x passes, and tells what is done to the other (Dinh et al. 2015, arXiv 1410.8516).

The map is triangular, so its determinant is the product of its diagonal, and it is undone without inverting the
network that tells. A mask is 1 where x passes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from saddlepoint.networks.bijections import Bijection


class AdditiveCoupling(Bijection):
    """y = x + (1 - b) m(b x), which keeps volume (equations 9 and 10).

    mask: b, of the shape of one example; network: m, from (B, *shape) to the same.
    """

    mask: Tensor

    def __init__(self, mask: Tensor, network: nn.Module) -> None:
        super().__init__()
        self.register_buffer("mask", mask, persistent=False)
        self.network = network

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x + self._shift(x), x.new_zeros(len(x))

    def inverse(self, y: Tensor) -> Tensor:
        return y - self._shift(y)

    def _shift(self, x: Tensor) -> Tensor:
        return (1 - self.mask) * self.network(self.mask * x).to(x.dtype)


class AffineCoupling(Bijection):
    """y = b x + (1 - b) (x exp(s(b x)) + t(b x)) (Dinh et al. 2017, arXiv 1605.08803, equation 9).

    mask: b, of the shape of one example; network: from (B, C, ...) to (B, 2C, ...), first of s, then t. s is a tanh
    times a learned gain, one for each channel.
    """

    mask: Tensor

    def __init__(self, mask: Tensor, network: nn.Module) -> None:
        super().__init__()
        self.register_buffer("mask", mask, persistent=False)
        self.network = network
        self.gain = nn.Parameter(torch.ones(len(mask), *[1] * (mask.ndim - 1)))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        log_scale, shift = self._told(x)
        return x * log_scale.exp() + shift, log_scale.flatten(1).sum(1)

    def inverse(self, y: Tensor) -> Tensor:
        log_scale, shift = self._told(y)
        return (y - shift) * torch.exp(-log_scale)

    def _told(self, x: Tensor) -> tuple[Tensor, Tensor]:
        raw, shift = self.network(self.mask * x).to(x.dtype).chunk(2, dim=1)
        return (1 - self.mask) * self.gain * raw.tanh(), (1 - self.mask) * shift


def checkerboard(shape: tuple[int, ...], first: bool) -> Tensor:
    """1 where the sum of an example's coordinates, but for its channel, is odd; or where it is even (section 3.4).

    shape: (C, H, W) or (D,).
    """
    sizes = shape if len(shape) == 1 else shape[1:]
    total = torch.stack(torch.meshgrid([torch.arange(n) for n in sizes], indexing="ij")).sum(0)
    return ((total + first) % 2).float().expand(shape).clone()


def channelwise(shape: tuple[int, ...], first: bool) -> Tensor:
    """1 for one half of the channels, or for the other (section 3.4): (C, H, W)."""
    half = torch.arange(shape[0]) < shape[0] // 2
    return (half == first).float()[:, None, None].expand(shape).clone()
