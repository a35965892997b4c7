"""Abstract recipes: the algorithm is written once, a method fills in networks and objectives."""

from __future__ import annotations

import abc
from collections.abc import Iterator
from typing import Annotated, TypeVar

from pydantic import Field
from torch import Tensor, nn

from saddlepoint.config import Config, Decays
from saddlepoint.recipe import Player, Recipe, Update
from saddlepoint.types import Batch, Losses, Noise


class TwoPlayerConfig(Config):
    """What every generator-against-discriminator game has; the defaults are DCGAN's."""

    latent: int = Field(100, ge=1)
    """Dimensions of z."""
    lr: float = Field(2e-4, gt=0)
    """Learning rate of both players."""
    betas: Annotated[tuple[float, float], Decays] = (0.5, 0.999)
    """Adam's decay rates."""
    d_steps: int = Field(1, ge=1)
    """Discriminator updates for each generator update (k of Goodfellow 2014)."""


C = TypeVar("C", bound=TwoPlayerConfig)


class TwoPlayer(Recipe[C], abc.ABC):
    """Goodfellow 2014, algorithm 1: k steps of the discriminator, one of the generator, each on fresh data."""

    generator: nn.Module
    discriminator: nn.Module

    @abc.abstractmethod
    def discriminator_objective(self, batch: Batch) -> Losses: ...

    @abc.abstractmethod
    def generator_objective(self, batch: Batch) -> Losses: ...

    def players(self) -> dict[str, Player]:
        lr, betas = self.config.lr, self.config.betas
        return {
            "discriminator": Player(modules=(self.discriminator,), lr=lr, betas=betas),
            "generator": Player(modules=(self.generator,), lr=lr, betas=betas),
        }

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        for _ in range(self.config.d_steps):
            update("discriminator", self.discriminator_objective, next(batches))
        update("generator", self.generator_objective, next(batches))

    def prior(self, noise: Noise) -> Tensor:
        return noise.normal(self.config.latent)

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.generator(z)

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        return self.generate(self.prior(noise), y)
