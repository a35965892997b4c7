"""Convolutions that look up, or up and left, because they are shifted and not because they are masked.

Tim Salimans, Andrej Karpathy, Xi Chen, Diederik P. Kingma: PixelCNN++. ICLR 2017, arXiv 1701.05517, section 2.5.
"""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm


class ShiftedConv(nn.Module):
    """An output sees inputs in its own row and above, in its own column and those beside it; with `left`, in its own
    column and before. (B, inputs, H, W) -> (B, outputs, ceil(H / stride), ceil(W / stride)).

    At stride 2, output (i, j) stands at pixel (2i, 2j).
    """

    def __init__(
        self, inputs: int, outputs: int, size: tuple[int, int] | None = None, *, left: bool, stride: int = 1
    ) -> None:
        super().__init__()
        height, width = size or (2, 2 if left else 3)
        before, after = (width - 1, 0) if left else (width // 2, width // 2)
        self.pad = (before, after, height - 1, 0)
        self.conv = nn.Conv2d(inputs, outputs, (height, width), stride)
        weight_norm(self.conv)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.pad(x, self.pad))


See = Callable[[ShiftedConv, Tensor], Tensor]
"""How a network evaluates its shifted convolutions: everywhere, or where a `shifted_memory.Memory` stands."""


def everywhere(conv: ShiftedConv, x: Tensor) -> Tensor:
    return conv(x)


class ShiftedUpsampling(nn.Module):
    """The way back from stride 2: pixels (2i, 2j) to (2i + 1, 2j + 1) from (i, j) and, unless `left`, its neighbours
    to the sides. (B, channels, h, w) -> (B, channels, *size), of at most 2h x 2w pixels."""

    def __init__(self, channels: int, *, left: bool) -> None:
        super().__init__()
        width = 2 if left else 3
        self.margin = 0 if left else 1
        self.conv = weight_norm(nn.ConvTranspose2d(channels, channels, (2, width), stride=2))

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        return self.conv(x)[:, :, : size[0], self.margin : self.margin + size[1]]


def down(x: Tensor) -> Tensor:
    """Every row one lower, the first 0: what was seen up to a row is then seen before it."""
    return F.pad(x, (0, 0, 1, 0))[:, :, :-1]


def right(x: Tensor) -> Tensor:
    """Every column one to the right, the first 0."""
    return F.pad(x, (1, 0))[:, :, :, :-1]
