"""Invertible maps that know how they change volume.

Each module maps x (B, ...) to (y, log |det dy/dx|), the second (B,) in float32, and its `inverse` maps y back to x.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid, pixel_shuffle, pixel_unshuffle


class Bijection(nn.Module, abc.ABC):
    @abc.abstractmethod
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]: ...

    @abc.abstractmethod
    def inverse(self, y: Tensor) -> Tensor: ...


class Chain(Bijection):
    """One after another; their log-determinants add."""

    def __init__(self, parts: Iterable[Bijection]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        total = x.new_zeros(len(x))
        for part in self.parts:
            x, change = part(x)
            total = total + change
        return x, total

    def inverse(self, y: Tensor) -> Tensor:
        for part in reversed(self.parts):
            assert isinstance(part, Bijection)
            y = part.inverse(y)
        return y


class Scale(Bijection):
    """Each number times a learned positive factor (Dinh et al. 2015, arXiv 1410.8516, section 3.3).

    The factors are exp(pace s): they may have to go far from 1, and Adam moves each s by about its rate a step.
    """

    def __init__(self, shape: tuple[int, ...], pace: float = 1.0) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.zeros(shape))
        self.pace = pace

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        log_scale = self.pace * self.log_scale
        return x * log_scale.exp(), log_scale.sum().expand(len(x))

    def inverse(self, y: Tensor) -> Tensor:
        return y * torch.exp(-self.pace * self.log_scale)


class Logit(Bijection):
    """[0, 1] to the whole line: logit(a + (1 - 2a) x) (Dinh et al. 2017, arXiv 1605.08803, section 4.1).

    The margin a keeps the slope finite at 0 and 1.
    """

    def __init__(self, margin: float) -> None:
        super().__init__()
        self.margin = margin

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = torch.logit(self.margin + (1 - 2 * self.margin) * x)
        # d logit(p)/dp = 1 / (p (1 - p)), and p = sigmoid(y)
        return y, (math.log(1 - 2 * self.margin) - logsigmoid(y) - logsigmoid(-y)).flatten(1).sum(1)

    def inverse(self, y: Tensor) -> Tensor:
        return (y.sigmoid() - self.margin) / (1 - 2 * self.margin)


class Squeeze(Bijection):
    """(B, C, H, W) -> (B, 4C, H/2, W/2): each square of 2 x 2 pixels becomes the channels of one (section 3.6)."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return pixel_unshuffle(x, 2), x.new_zeros(len(x))

    def inverse(self, y: Tensor) -> Tensor:
        return pixel_shuffle(y, 2)


class Flat(Bijection):
    """(B, *shape) -> (B, D)."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x.flatten(1), x.new_zeros(len(x))

    def inverse(self, y: Tensor) -> Tensor:
        return y.unflatten(1, self.shape)


class Factored(Bijection):
    """Half of the channels go on through `rest`, the others are done: (B, C, H, W) -> (B, D), section 3.6."""

    def __init__(self, shape: tuple[int, ...], rest: Bijection) -> None:
        super().__init__()
        self.done, self.rest = (shape[0] // 2, *shape[1:]), rest

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        done, on = x.split([self.done[0], x.shape[1] - self.done[0]], dim=1)
        z, change = self.rest(on)
        return torch.cat([done.flatten(1), z], 1), change

    def inverse(self, y: Tensor) -> Tensor:
        size = math.prod(self.done)
        return torch.cat([y[:, :size].unflatten(1, self.done), self.rest.inverse(y[:, size:])], 1)
