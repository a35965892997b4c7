"""PixelRNN asked for one pixel after another: a layer remembers its states of the row above and of the row so far."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.networks.masked import MaskedConv2d, Memory
from saddlepoint.networks.pixel_rnn import DiagonalBiLSTM, DiagonalLSTM, PixelRNNNetwork, RowLSTM, cell


class Reader:
    """The network at one pixel after another in raster order. It holds weights as they are now."""

    def __init__(self, network: PixelRNNNetwork, height: int, width: int) -> None:
        self.network, self.see = network, Memory(height, width)
        self.layers = [reader(layer, self.see, width) for layer in network.layers]

    def __call__(self, x: Tensor, i: int, j: int) -> Tensor:
        """What the network gives for pixel (i, j) of x (B, C, H, W): (B, levels, C, 1, 1)."""
        network, see = self.network, self.see
        see.stand(i, j)
        x = see(network.first, x)
        for layer, up in zip(self.layers, network.up, strict=True):
            assert isinstance(up, MaskedConv2d)
            x = x + see(up, layer(x, i, j))
        x = see(network.head, x.relu()).relu()
        return see(network.logits, x).unflatten(1, (network.levels, -1))


class RowReader:
    """A RowLSTM: what the row above tells a row is known when it begins."""

    def __init__(self, layer: RowLSTM, see: Memory, width: int) -> None:
        self.layer, self.see, self.width = layer, see, width
        self.row = -1
        self.h = self.c = self.c_above = self.told = torch.zeros(0)

    def __call__(self, x: Tensor, i: int, j: int) -> Tensor:
        """Features (B, 2h, 1, 1) of pixel (i, j) -> its state (B, h, 1, 1)."""
        if i > self.row:
            above = self.h if i else x.new_zeros(len(x), self.layer.h, self.width)
            self.c_above = self.c if i else above
            self.told = self.layer.from_state(above)
            self.row, self.h, self.c = i, torch.empty_like(above), torch.empty_like(above)
        gates = self.see(self.layer.to_gates, x)[:, :, 0] + self.told[:, :, j : j + 1]
        self.h[:, :, j : j + 1], self.c[:, :, j : j + 1] = cell(gates, self.c_above[:, :, j : j + 1])
        return self.h[:, :, None, j : j + 1]


class DiagonalReader:
    """A DiagonalLSTM. Its states have a blank column on the left."""

    def __init__(self, layer: DiagonalLSTM, see: Memory, width: int) -> None:
        self.layer, self.see, self.width = layer, see, width
        self.row = -1
        self.above = self.h = self.c = torch.zeros(0)

    def __call__(self, x: Tensor, i: int, j: int) -> Tensor:
        """Features (B, 2h, 1, 1) of pixel (i, j) -> its state (B, h, 1, 1)."""
        if i > self.row:
            blank = x.new_zeros(len(x), self.layer.h, 1 + self.width)
            self.above = self.h if i else blank
            self.row, self.h, self.c = i, blank.clone(), blank.clone()
        here = slice(j + 1, j + 2)
        seen = torch.cat([self.above[:, :, here], self.h[:, :, j : j + 1]], 2)
        gates = self.see(self.layer.to_gates, x)[:, :, 0] + self.layer.from_state(seen)
        self.h[:, :, here], self.c[:, :, here] = cell(gates, self.c[:, :, j : j + 1])
        return self.h[:, :, None, here]


class DiagonalBiReader:
    """A DiagonalBiLSTM: the one from the right goes over a row when all of it is drawn."""

    def __init__(self, layer: DiagonalBiLSTM, see: Memory, width: int) -> None:
        self.left, self.right = (DiagonalReader(one, see, width) for one in (layer.left, layer.right))
        self.h, self.width = layer.h, width
        self.row = -1
        self.x = self.lowered = torch.zeros(0)

    def __call__(self, x: Tensor, i: int, j: int) -> Tensor:
        """Features (B, 2h, 1, 1) of pixel (i, j) -> its state (B, h, 1, 1)."""
        if i > self.row:
            if i:
                from_right = [
                    self.right(self.x[..., k : k + 1], i - 1, self.width - 1 - k) for k in range(self.width)[::-1]
                ]
                self.lowered = torch.cat(from_right[::-1], 3)
            else:
                self.lowered = x.new_zeros(len(x), self.h, 1, self.width)
            self.row, self.x = i, x.new_empty(*x.shape[:3], self.width)
        self.x[..., j : j + 1] = x
        return self.left(x, i, j) + self.lowered[..., j : j + 1]


def reader(layer: object, see: Memory, width: int) -> RowReader | DiagonalBiReader:
    if isinstance(layer, RowLSTM):
        return RowReader(layer, see, width)
    assert isinstance(layer, DiagonalBiLSTM)
    return DiagonalBiReader(layer, see, width)
