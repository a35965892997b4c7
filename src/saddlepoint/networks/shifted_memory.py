"""PixelCNN++'s network asked for one pixel after another: each layer remembers what it was given for those before."""

from __future__ import annotations

import copy
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from saddlepoint.networks.pixel_cnn_pp import Enlarge, GatedPair, Halve, PixelCNNPPNetwork
from saddlepoint.networks.shifted import ShiftedConv, ShiftedUpsampling


class Memory:
    """Shifted convolutions evaluated at one place after another, each with what it was given at places before.

    A place is a pixel or, with `rows`, a row; at `level` n it is that of an image halved n times. Features go in and
    come out as those of the place alone, (B, features, 1, 1 or width).
    """

    def __init__(self, height: int, width: int, *, rows: bool) -> None:
        self.height, self.width, self.rows = height, width, rows
        self.i, self.j, self.level = 0, 0, 0
        self.held: dict[nn.Module, Tensor] = {}

    def stand(self, i: int, j: int) -> None:
        """Go to pixel (i, j) of the whole image, or to its row."""
        self.i, self.j, self.level = i, j, 0

    def place(self, level: int) -> tuple[int, int]:
        return self.i >> level, 0 if self.rows else self.j >> level

    @property
    def may_halve(self) -> bool:
        """Whether half the image has a place that begins here."""
        i, j = self.place(self.level)
        return i % 2 == j % 2 == 0

    def put(self, layer: nn.Module, x: Tensor, level: int, pad: tuple[int, int, int, int] = (0, 0, 0, 0)) -> Tensor:
        """All that a layer was given, with x at this place: (B, features, H + padding, W + padding)."""
        left, right, up, _ = pad
        (i, j), side = self.place(level), -(-self.width // 2**level)
        if layer not in self.held:
            self.held[layer] = x.new_zeros(*x.shape[:2], -(-self.height // 2**level) + up, left + side + right)
        self.held[layer][:, :, up + i, left + j : left + j + x.shape[3]] = x[:, :, 0]
        return self.held[layer]

    def __call__(self, layer: ShiftedConv, x: Tensor) -> Tensor:
        left, right, up, _ = layer.pad
        seen, (i, j) = self.put(layer, x, self.level, layer.pad), self.place(self.level)
        window = seen[:, :, i : i + up + 1, j : j + left + right + x.shape[3]]
        if self.rows:
            return layer.conv(window)
        return F.linear(window.flatten(1), layer.conv.weight.flatten(1), layer.conv.bias)[:, :, None, None]

    def enlarged(self, layer: ShiftedUpsampling) -> Tensor:
        """What the half of this place that was last put makes of it."""
        (i, j), (half_i, half_j) = self.place(self.level), self.place(self.level + 1)
        half = self.held[layer][:, :, half_i : half_i + 1]
        if not self.rows:
            return layer.conv(half[..., half_j : half_j + 1])[:, :, i % 2 : i % 2 + 1, j % 2 : j % 2 + 1]
        width = -(-self.width // 2**self.level)
        return layer.conv(half)[:, :, i % 2 : i % 2 + 1, layer.margin : layer.margin + width]


class Reader:
    """The network at one pixel after another in raster order: u runs once a row, v once a pixel, and where a halved
    image has no place that begins there, it stays as it was. It holds weights as they are now."""

    def __init__(self, network: PixelCNNPPNetwork, height: int, width: int) -> None:
        self.network = plain(network)
        self.rows, self.pixels = Memory(height, width, rows=True), Memory(height, width, rows=False)
        self.beside = torch.zeros(0)  # what the rows above tell the first v of a row
        self.told: dict[nn.Module, Tensor] = {}  # u, by layer

    def __call__(self, x: Tensor, i: int, j: int) -> Tensor:
        """What the network gives for pixel (i, j) of x (B, C, H, W): (B, outputs, 1, 1)."""
        network = self.network
        near = x[:, :, max(i - 2, 0) : i + 1]
        near = torch.cat([near, torch.ones_like(near[:, :1])], 1)
        if j == 0:
            above = near[:, :, :-1] if i else torch.zeros_like(near)  # nothing is above the first row
            u, self.beside = network.above(above)[:, :, -1:], network.row(above[:, :, -1:])
            if i == 0:
                u, self.beside = torch.zeros_like(u), torch.zeros_like(u)
            self.rows.stand(i, 0)
            self.walk(u, self.rows, "u")
        v = self.beside[..., j : j + 1]
        if j:
            v = v + network.column(near[:, :, -2:, j - 1 : j])[:, :, -1:]
        self.pixels.stand(i, j)
        return network.last(F.elu(self.walk(v, self.pixels, "v")))

    def walk(self, x: Tensor, see: Memory, stream: Literal["u", "v"]) -> Tensor:
        """One stream through all layers that have a place here."""

        def step(layer: nn.Module, x: Tensor, *skip: Tensor) -> Tensor:
            assert isinstance(layer, GatedPair)
            if stream == "v":
                j = see.place(see.level)[1]
                return layer.v(x, self.told[layer][..., j : j + 1], *skip, see=see)
            self.told[layer] = layer.u(x, *skip, see=see)
            return self.told[layer]

        kept = [x]
        for layer in self.network.way_in:
            if isinstance(layer, Halve):
                halve = layer.u if stream == "u" else layer.v
                if not see.may_halve:
                    see.put(halve, x, see.level, halve.pad)
                    break
                x = see(halve, x)
                see.level += 1
            else:
                x = step(layer, x)
            kept.append(x)
        else:
            kept.pop()
        depth = self.network.halvings
        for layer in self.network.way_out:
            if isinstance(layer, Enlarge):
                enlarge = layer.u if stream == "u" else layer.v
                if see.level == depth:
                    see.put(enlarge, x, depth)
                    see.level -= 1
                depth -= 1
                if see.level == depth:
                    x = see.enlarged(enlarge)
            elif see.level == depth:
                x = step(layer, x, kept.pop())
        return x


def plain(network: PixelCNNPPNetwork) -> PixelCNNPPNetwork:
    """A copy whose weights are numbers, and are not made of lengths and directions each time they are used."""
    copied = copy.deepcopy(network)
    for module in [*copied.modules()]:
        for name, conv in module.named_children():
            if is_parametrized(conv):  # to remove that from a copy would take it from the original as well
                assert isinstance(conv, nn.Conv2d | nn.ConvTranspose2d)
                kind = nn.Conv2d if isinstance(conv, nn.Conv2d) else nn.ConvTranspose2d
                made = kind(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride)  # pyright: ignore[reportArgumentType]
                made.weight, made.bias = nn.Parameter(conv.weight.detach().contiguous()), conv.bias
                setattr(module, name, made)
    return copied
