"""Abstract recipes: the algorithm is written once, a method fills in networks and objectives."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator
from typing import Annotated, ClassVar, Literal, TypeVar

import torch
from pydantic import Field
from torch import Tensor, nn

from saddlepoint.config import Config, Decays, Positive
from saddlepoint.networks.pair import discriminator_for, generator_for
from saddlepoint.objectives.adversarial import discriminator_minimax
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

    def prior(self, noise: Noise) -> Tensor:
        return noise.normal(self.config.latent)

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.generator(z)

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        return self.generate(self.prior(noise), y)

    def realness(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """How real the discriminator finds each x: (B,), on a scale of its own."""
        scores = self.discriminator(x) if y is None else self.discriminator(x, y)
        assert scores.numel() == len(x), f"{type(self).__name__} has to say how it judges one example"
        return scores.float().flatten()


class PairConfig(TwoPlayerConfig):
    """A two-player game whose networks are left to us."""

    width: int = Field(128, ge=1)
    """Images: channels of the largest hidden maps, doubled at each halving of the size."""
    widths: Annotated[tuple[int, ...], Positive] = (512, 512, 512)
    """Points: units in the hidden layers of both networks."""


P = TypeVar("P", bound=PairConfig)


class Pair(TwoPlayer[P], abc.ABC):
    """A two-player game on DCGAN's networks for images and dense ones for points: only the objectives are its own."""

    kinds = ("image", "points")
    min_side = 8

    def build(self) -> None:
        self.build_pair()

    def build_pair(
        self, *, norm: Callable[[int], nn.Module] | None = nn.BatchNorm2d, output_bias: bool = True, outputs: int = 1
    ) -> None:
        """Make both networks. norm, output_bias, outputs: the discriminator's, see `discriminator_for`."""
        config = self.config
        self.generator = generator_for(self.spec, config.latent, config.width, config.widths)
        self.discriminator = discriminator_for(
            self.spec, config.width, config.widths, norm=norm, output_bias=output_bias, outputs=outputs
        )


class InferenceConfig(PairConfig):
    """A game over pairs of an example and its latent."""

    hidden: int = Field(512, ge=1)
    """Images: units of the discriminator's dense layers for z; twice as many see x and z together."""


I = TypeVar("I", bound=InferenceConfig)  # noqa: E741


class AdversarialInference(TwoPlayer[I], abc.ABC):
    """The discriminator tells (x, E(x)) from (G(z), z), and the generator and the encoder together deceive it.

    Donahue et al. 2017 (arXiv 1605.09782) and Dumoulin et al. 2017 (arXiv 1606.00704), which came to it apart.
    """

    kinds = ("image", "points")
    min_side = 8
    averaged = ("generator", "encoder")
    encoder: nn.Module

    @abc.abstractmethod
    def infer(self, x: Tensor, noise: Noise) -> Tensor:
        """A latent (B, latent) of each x, as the discriminator is shown it."""

    def players(self) -> dict[str, Player]:
        lr, betas = self.config.lr, self.config.betas
        return {
            "discriminator": Player(modules=(self.discriminator,), lr=lr, betas=betas),
            "generator": Player(modules=(self.generator, self.encoder), lr=lr, betas=betas),
        }

    def discriminator_objective(self, batch: Batch) -> Losses:
        """-E log D(x, E(x)) - E log(1 - D(G(z), z))."""
        with torch.no_grad():
            real, fake = self._pairs(batch)
        d_real, d_fake = self.discriminator(*real), self.discriminator(*fake)
        loss = discriminator_minimax(d_real, d_fake)
        return {"loss": loss, "d_real": d_real.sigmoid().mean(), "d_fake": d_fake.sigmoid().mean()}

    def generator_objective(self, batch: Batch) -> Losses:
        """-E log(1 - D(x, E(x))) - E log D(G(z), z): the same with the labels exchanged, so neither saturates."""
        real, fake = self._pairs(batch)
        return {"loss": discriminator_minimax(self.discriminator(*fake), self.discriminator(*real))}

    def realness(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self.discriminator(x, self.encoder(x)[:, : self.config.latent]).float().flatten()

    def _pairs(self, batch: Batch) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        z = self.prior(batch.noise)
        return (batch.x, self.infer(batch.x, batch.noise)), (self.generator(z), z)
