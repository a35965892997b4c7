"""Convolutions that see earlier pixels only, and a memory with which they are evaluated pixel after pixel.

Masks are those of van den Oord et al. 2016a (arXiv 1601.06759), section 3.4: pixels come in raster order, and the
channels of one pixel in turn. Features are dealt to the image's channels in turn: feature f of a layer belongs to
channel f mod `groups`, so a number of features has to be a multiple of that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Kind = Literal["image", "features", "above_image", "above"]
"""What a convolution sees. Of the image's own row: what lies left, and of the pixel itself the channels before
("image", mask A) or also this one ("features", mask B). Of the rows above only: "above_image", whose input is the
image, and "above", whose input is features that themselves know no more, so that it sees their row as well."""


def causal_mask(kind: Kind, outputs: int, inputs: int, size: tuple[int, int], groups: int = 1) -> Tensor:
    """1 where a weight may be other than 0: (outputs, inputs, *size)."""
    height, width = size
    i, j = height // 2, width // 2
    mask = torch.zeros(outputs, inputs, height, width)
    mask[:, :, :i] = 1
    if kind == "above":
        mask[:, :, i] = 1
    if kind in ("image", "features"):
        mask[:, :, i, :j] = 1
        of, seen = torch.arange(outputs)[:, None] % groups, torch.arange(inputs) % groups
        mask[:, :, i, j] = (seen < of if kind == "image" else seen <= of).float()
    return mask


class MaskedConv2d(nn.Conv2d):
    """(B, inputs, H, W) -> (B, outputs, H, W), whose weights are 0 where they would look ahead.

    Of what it sees only every `dilation`-th row and column counts, from the centre on.
    """

    mask: Tensor

    def __init__(
        self, kind: Kind, inputs: int, outputs: int, size: tuple[int, int], groups: int = 1, dilation: int = 1
    ) -> None:
        assert all(side % 2 for side in size), f"a mask needs a centre, and {size} has none"
        assert outputs % groups == 0, f"{outputs} features cannot be dealt to {groups} channels"
        padding = (size[0] // 2 * dilation, size[1] // 2 * dilation)
        super().__init__(inputs, outputs, size, padding=padding, dilation=dilation)
        self.of_image = kind in ("image", "above_image")
        self.register_buffer("mask", causal_mask(kind, outputs, inputs, size, groups), persistent=False)

    def forward(self, input: Tensor) -> Tensor:
        return self._conv_forward(input, self.weight * self.mask, self.bias)

    @torch.no_grad()
    def start_for_relu(self) -> None:
        """Normal weights of variance 2 / (inputs that an output sees), as He et al. 2015 (arXiv 1502.01852), eq. 10."""
        self.weight.normal_().mul_((2 / self.mask.sum((1, 2, 3), keepdim=True).clamp(min=1)).sqrt())
        if self.bias is not None:
            self.bias.zero_()


See = Callable[[MaskedConv2d, Tensor], Tensor]
"""How a network evaluates its masked convolutions: everywhere, or where a `Memory` stands."""


def everywhere(conv: MaskedConv2d, x: Tensor) -> Tensor:
    return conv(x)


class Memory:
    """Masked convolutions evaluated at one place after another, each with what it was given at places before.

    A network that passes its masked convolutions through this, and else works on each pixel for itself, turns into one
    that takes and gives features (B, features, 1, n) of the place at which the memory stands: n pixels of a row. Only
    a convolution of the image takes the whole image, for its pixels are drawn between two calls. It holds weights as
    they were when it first met them.
    """

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width
        self.i, self.j, self.n = 0, 0, 1
        self.held: dict[MaskedConv2d, tuple[Tensor, Tensor, Tensor]] = {}

    def stand(self, i: int, j: int, n: int = 1) -> None:
        """Go to the n pixels from (i, j) to the right."""
        self.i, self.j, self.n = i, j, n

    def __call__(self, conv: MaskedConv2d, x: Tensor) -> Tensor:
        """(B, inputs, 1, n), or the image (B, inputs, H, W) -> (B, outputs, 1, n)."""
        assert isinstance(conv.padding, tuple)
        up, side = conv.padding
        if conv not in self.held:
            blank = x.new_zeros(len(x), conv.in_channels, self.height + up, self.width + 2 * side)
            weight = (conv.weight * conv.mask)[:, :, : conv.kernel_size[0] // 2 + 1].contiguous()  # nothing sees below
            self.held[conv] = blank, weight, weight.flatten(1)
        seen, weight, flat = self.held[conv]
        i, j, n = self.i, self.j, self.n
        if up == side == 0 and n == 1:
            return F.linear(x.flatten(1), flat, conv.bias)[:, :, None, None]
        if conv.of_image:
            seen[:, :, up:, side : side + self.width] = x
        else:
            seen[:, :, up + i, side + j : side + j + n] = x[:, :, 0]
        window = seen[:, :, i : i + up + 1, j : j + n + 2 * side]
        if n > 1:
            return F.conv2d(window, weight, conv.bias, dilation=conv.dilation)
        down, right = conv.dilation
        return F.linear(window[:, :, ::down, ::right].flatten(1), flat, conv.bias)[:, :, None, None]
