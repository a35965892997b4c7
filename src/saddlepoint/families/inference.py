"""A game over pairs of an example and its latent, in which an encoder is learned."""

from __future__ import annotations

import abc
from typing import TypeVar

import torch
from pydantic import Field
from torch import Tensor, nn

from saddlepoint.families.pair import PairConfig
from saddlepoint.families.two_player import TwoPlayer
from saddlepoint.objectives.adversarial import discriminator_minimax
from saddlepoint.recipe import Player
from saddlepoint.types import Batch, Losses, Noise


class InferenceConfig(PairConfig):
    """A game over pairs of an example and its latent."""

    hidden: int = Field(512, ge=1)
    """Images: units of the discriminator's dense layers for z; twice as many see x and z together."""


C = TypeVar("C", bound=InferenceConfig)


class AdversarialInference(TwoPlayer[C], abc.ABC):
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
