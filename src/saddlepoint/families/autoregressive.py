"""Models of an image as a product over its numbers: log p(x) is the sum of log p(x_i | x_1 ... x_{i-1}).

Training and scoring take one pass of a network whose every output sees earlier numbers only; sampling takes them one
by one.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator
from typing import ClassVar, Protocol, TypeVar

import torch
from pydantic import Field
from torch import Tensor, nn

from saddlepoint.config import Config
from saddlepoint.distributions import Levels
from saddlepoint.objectives.likelihoods import Measure
from saddlepoint.recipe import Player, Recipe, Update
from saddlepoint.types import Batch, Losses, Noise


class Conditionals(Protocol):
    """The distributions p(x_i | x_<i) of every number of an example, or of those of one pixel."""

    joint: ClassVar[bool]
    """Whether `sample` draws the channels of a pixel together; else a channel must be told those before it."""

    def log_prob(self, x: Tensor) -> Tensor:
        """The sum of log p(x_i | x_<i) in nats: (B, C, H, W) -> (B,)."""
        ...

    def sample(self, uniform: Tensor) -> Tensor:
        """Numbers from uniform draws, each from one of its own: (B, C, H, W) -> (B, C, H, W)."""
        ...


PixelPredictor = Callable[[Tensor, int, int], Conditionals]
"""(x, i, j) -> the conditionals of pixel (i, j), whose parameters are (B, ..., 1, 1).

x (B, C, H, W) is right in the pixels before (i, j) in raster order, and in those channels of it that are drawn.
"""


def raster(
    predict: PixelPredictor,
    x: Tensor,
    uniform: Tensor,
    *,
    rows: int = 0,
    tell: Callable[[float], None] | None = None,
) -> Tensor:
    """x (B, C, H, W) with its pixels after the first `rows` rows drawn in raster order, by `uniform` of its shape.

    The draw at a pixel depends on its own uniform numbers alone, so every way to compute the same conditionals gives
    the same image. tell: told after each row what share of the work is done.
    """
    x = x.clone()
    channels, height, width = x.shape[1:]
    for i in range(height):
        for j in range(width):
            at = (..., slice(i, i + 1), slice(j, j + 1))
            for _ in range(channels):  # after pass c the first c channels are right
                conditionals = predict(x, i, j)
                if i >= rows:
                    x[at] = conditionals.sample(uniform[at])
                if i < rows or conditionals.joint:
                    break
        if tell:
            tell((i + 1) / height)
    return x


class AutoregressiveConfig(Config):
    lr: float = Field(1e-3, gt=0)
    """Adam's learning rate."""


C = TypeVar("C", bound=AutoregressiveConfig)


class Autoregressive(Recipe[C], abc.ABC):
    """One player that lowers -log p(x), which is exact."""

    averaged = ("network",)
    distribution: ClassVar[Callable[[Tensor], Conditionals]] = Levels
    """From what `predict` returns to distributions."""
    network: nn.Module

    @abc.abstractmethod
    def predict(self, x: Tensor, y: Tensor | None) -> Tensor:
        """Parameters of the conditionals of all numbers of x (B, C, H, W), in one pass: (B, ..., H, W)."""

    def players(self) -> dict[str, Player]:
        return {"network": Player(modules=(self.network,), lr=self.config.lr)}

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        update("network", self.objective, next(batches))

    def objective(self, batch: Batch) -> Losses:
        """-log p(x) in nats per example."""
        y = batch.y if self.conditional else None
        return {"loss": -self.conditionals(batch.x, y).log_prob(batch.x).mean()}

    def conditionals(self, x: Tensor, y: Tensor | None) -> Conditionals:
        """Of all numbers of x."""
        return type(self).distribution(self.predict(x, y))

    @abc.abstractmethod
    def log_prob(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """log p(x) in nats, (B,)."""

    @property
    def measure(self) -> Measure:
        """What `log_prob` scores: binary images, or images of 256 levels."""
        return "binary" if self.spec.levels == 2 else "levels"


class PixelByPixel(Autoregressive[C], abc.ABC):
    """Pixels in raster order: row by row from the top, each row from the left; channels in their order."""

    def log_prob(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self.conditionals(x, y).log_prob(x)

    def predictor(self, y: Tensor | None) -> PixelPredictor:
        """What draws ask for each pixel. Here a whole pass; a method whose network can remember has its own."""
        return self.naive_predictor(y)

    def naive_predictor(self, y: Tensor | None) -> PixelPredictor:
        """A whole pass for each pixel, of which all but one output is thrown away."""

        def predict(x: Tensor, i: int, j: int) -> Conditionals:
            return type(self).distribution(self.predict(x, y)[..., i : i + 1, j : j + 1])

        return predict

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        blank = torch.zeros(noise.rows, *self.spec.shape, device=self.device)
        return self.complete(blank, 0, noise, y)

    def complete(self, x: Tensor, rows: int, noise: Noise, y: Tensor | None = None) -> Tensor:
        """x with all but its first `rows` rows drawn given those, which is exact: they come first in the order."""
        return raster(self.predictor(y), x, noise.uniform(*self.spec.shape), rows=rows, tell=self.tell)
