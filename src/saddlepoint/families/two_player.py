"""A generator against a discriminator: the algorithm of Goodfellow et al. 2014 (arXiv 1406.2661)."""

from __future__ import annotations

import abc
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, TypeVar

import torch
from pydantic import Field
from torch import Tensor, nn

from saddlepoint.config import Decays
from saddlepoint.errors import UserError
from saddlepoint.families.from_latent import FromLatent, LatentConfig
from saddlepoint.networks.pair import Discriminator
from saddlepoint.objectives.adversarial import discriminator_minimax, generator_nonsaturating
from saddlepoint.recipe import Player, Update
from saddlepoint.types import Batch, Losses


class TwoPlayerConfig(LatentConfig):
    """What every generator-against-discriminator game has; the defaults are DCGAN's."""

    lr: float = Field(2e-4, gt=0)
    """Learning rate of both players."""
    betas: Annotated[tuple[float, float], Decays] = (0.5, 0.999)
    """Adam's decay rates."""
    d_steps: int = Field(1, ge=1)
    """Discriminator updates for each generator update (k of Goodfellow 2014)."""


C = TypeVar("C", bound=TwoPlayerConfig)


class TwoPlayer(FromLatent[C], abc.ABC):
    """Goodfellow 2014, algorithm 1: k steps of the discriminator, one of the generator, each on fresh data."""

    optimizer: ClassVar[Literal["adam", "rmsprop", "sgd"]] = "adam"
    """Of both players."""
    generator: nn.Module
    discriminator: nn.Module

    @abc.abstractmethod
    def discriminator_objective(self, batch: Batch) -> Losses: ...

    @abc.abstractmethod
    def generator_objective(self, batch: Batch) -> Losses: ...

    def players(self) -> dict[str, Player]:
        lr, betas = self.config.lr, self.config.betas
        return {
            "discriminator": Player(modules=(self.discriminator,), lr=lr, betas=betas, optimizer=self.optimizer),
            "generator": Player(modules=(self.generator,), lr=lr, betas=betas, optimizer=self.optimizer),
        }

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        for _ in range(self.config.d_steps):
            update("discriminator", self.discriminator_objective, next(batches))
        update("generator", self.generator_objective, next(batches))

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.generator(z)

    def realness(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """How real the discriminator finds each x: (B,), on a scale of its own."""
        scores = self.discriminator(x) if y is None else self.discriminator(x, y)
        assert scores.numel() == len(x), f"{type(self).__name__} has to say how it judges one example"
        return scores.float().flatten()

    def features(self, x: Tensor) -> Tensor:
        """The discriminator's last hidden layer, (B, D).

        Raises:
            UserError: it has none of examples alone.
        """
        judge = self.discriminator
        if not isinstance(judge, Discriminator) or judge.classes:
            raise UserError(f"{type(self).__name__} has no discriminator whose features could be used.")
        return judge.features(x)


class ConditionalTwoPlayer(TwoPlayer[C], abc.ABC):
    """Both players see the label: the game of Mirza and Osindero 2014 (arXiv 1411.1784)."""

    conditional = True

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.generator(z, y)

    def discriminator_objective(self, batch: Batch) -> Losses:
        """Equation 2, the discriminator's side; a fake carries the label it was made for."""
        with torch.no_grad():
            fake = self.generate(self.prior(batch.noise), batch.y)
        d_real, d_fake = self.discriminator(batch.x, batch.y), self.discriminator(fake, batch.y)
        loss = discriminator_minimax(d_real, d_fake)
        return {"loss": loss, "d_real": d_real.sigmoid().mean(), "d_fake": d_fake.sigmoid().mean()}

    def generator_objective(self, batch: Batch) -> Losses:
        """Equation 2, the generator's side, in the non-saturating form of Goodfellow et al. 2014, section 3."""
        fake = self.generate(self.prior(batch.noise), batch.y)
        return {"loss": generator_nonsaturating(self.discriminator(fake, batch.y))}
