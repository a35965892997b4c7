"""The network of PixelCNN++ (Salimans et al. 2017, arXiv 1701.05517, sections 2.3 to 2.6)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from saddlepoint.networks.shifted import See, ShiftedConv, ShiftedUpsampling, down, everywhere, right

Streams = tuple[Tensor, Tensor]
"""u and v, each (B, channels, H, W)."""


def concat_elu(x: Tensor) -> Tensor:
    """elu of x and of -x: (B, C, ...) -> (B, 2C, ...)."""
    return F.elu(torch.cat([x, -x], 1))


class GatedResidual(nn.Module):
    """x + a sigmoid(b), of two shifted convolutions with dropout between; `extra` channels join after the first."""

    def __init__(self, channels: int, dropout: float, *, left: bool, extra: int = 0) -> None:
        super().__init__()
        self.first = ShiftedConv(2 * channels, channels, left=left)
        self.join = weight_norm(nn.Conv2d(2 * extra, channels, 1)) if extra else None
        self.dropout = nn.Dropout(dropout)
        self.second = ShiftedConv(2 * channels, 2 * channels, left=left)

    def forward(self, x: Tensor, *extra: Tensor, see: See = everywhere) -> Tensor:
        hidden = see(self.first, concat_elu(x))
        if self.join is not None:
            hidden = hidden + self.join(concat_elu(torch.cat(extra, 1)))
        a, b = see(self.second, self.dropout(concat_elu(hidden))).chunk(2, 1)
        return x + a * torch.sigmoid(b)


class GatedPair(nn.Module):
    """One residual layer of each stream, where v also sees u, and both what `skip` holds of them."""

    def __init__(self, channels: int, dropout: float, *, skip: bool) -> None:
        super().__init__()
        self.u = GatedResidual(channels, dropout, left=False, extra=skip * channels)
        self.v = GatedResidual(channels, dropout, left=True, extra=(1 + skip) * channels)

    def forward(self, u: Tensor, v: Tensor, skip: Streams | tuple[()] = ()) -> Streams:
        u = self.u(u, *skip[:1])
        return u, self.v(v, u, *skip[1:])


class Halve(nn.Module):
    """Both streams to half their height and width, rounded up."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.u = ShiftedConv(channels, channels, left=False, stride=2)
        self.v = ShiftedConv(channels, channels, left=True, stride=2)

    def forward(self, u: Tensor, v: Tensor) -> Streams:
        return self.u(u), self.v(v)


class Enlarge(nn.Module):
    """Both streams to the size of those of which they are the half."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.u = ShiftedUpsampling(channels, left=False)
        self.v = ShiftedUpsampling(channels, left=True)

    def forward(self, u: Tensor, v: Tensor, like: Streams) -> Streams:
        size = like[0].shape[-2:]
        return self.u(u, size), self.v(v, size)


class PixelCNNPPNetwork(nn.Module):
    """(B, C, H, W) -> (B, outputs, H, W), where outputs at a pixel depend on those before it in raster order.

    Two streams go through the image at its own size, then at each halving of it, and back: u sees the rows above a
    pixel, v those and its own row to the left of it. On the way back each layer also sees what the way in left at its
    mirror image. At stride 2 an output belongs to the first pixel of its square, so nothing is seen too early.
    """

    def __init__(self, inputs: int, outputs: int, channels: int, layers: int, dropout: float, halvings: int = 2):
        super().__init__()
        self.halvings = halvings
        self.above = ShiftedConv(inputs + 1, channels, left=False)
        self.row = ShiftedConv(inputs + 1, channels, (1, 3), left=False)
        self.column = ShiftedConv(inputs + 1, channels, (2, 1), left=True)
        way_in: list[nn.Module] = [GatedPair(channels, dropout, skip=False) for _ in range(layers)]
        way_out: list[nn.Module] = [GatedPair(channels, dropout, skip=True) for _ in range(layers)]
        for _ in range(halvings):
            way_in += [Halve(channels), *(GatedPair(channels, dropout, skip=False) for _ in range(layers))]
            way_out += [Enlarge(channels), *(GatedPair(channels, dropout, skip=True) for _ in range(layers + 1))]
        self.way_in, self.way_out = nn.ModuleList(way_in), nn.ModuleList(way_out)
        self.last = weight_norm(nn.Conv2d(channels, outputs, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = torch.cat([x, torch.ones_like(x[:, :1])], 1)  # so that a border is told from a grey pixel
        u, v = down(self.above(x)), down(self.row(x)) + right(self.column(x))
        kept = [(u, v)]
        for layer in self.way_in:
            u, v = layer(u, v)
            kept.append((u, v))
        kept.pop()
        for layer in self.way_out:
            u, v = layer(u, v, kept[-1] if isinstance(layer, Enlarge) else kept.pop())
        return self.last(F.elu(v))
