"""An autoencoder whose decoder is the generator of a GAN: what is judged real and what is coded is the same."""

from __future__ import annotations

import abc
from collections.abc import Iterator
from typing import TypeVar

import torch
from pydantic import Field
from torch import Tensor, nn

from saddlepoint.distributions import DiagonalNormal
from saddlepoint.families.pair import PairConfig
from saddlepoint.families.two_player import TwoPlayer
from saddlepoint.objectives.adversarial import discriminator_minimax, generator_minimax
from saddlepoint.recipe import Player, Update
from saddlepoint.types import Batch, Losses


class AutoencodingConfig(PairConfig):
    """An autoencoder whose decoder is a GAN's generator."""

    latent: int = Field(128, ge=1)
    """Dimensions of z."""


C = TypeVar("C", bound=AutoencodingConfig)


class AutoencodingGAN(TwoPlayer[C], abc.ABC):
    """An encoder, a generator that decodes too, and a discriminator, each with its own loss of one batch.

    Larsen et al. 2016 (arXiv 1512.09300), algorithm 1.
    """

    kinds = ("image", "points")
    min_side = 8
    averaged = ("generator", "encoder")
    encoder: nn.Module
    """x and, of a conditional recipe, labels -> the posterior's mean and log standard deviation, (B, 2 * latent)."""

    @abc.abstractmethod
    def encoder_objective(self, batch: Batch) -> Losses: ...

    def players(self) -> dict[str, Player]:
        lr, betas = self.config.lr, self.config.betas
        playing = {"encoder": self.encoder, "generator": self.generator, "discriminator": self.discriminator}
        return {
            name: Player(modules=(module,), lr=lr, betas=betas, optimizer=self.optimizer)
            for name, module in playing.items()
        }

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        batch = next(batches)
        update("encoder", self.encoder_objective, batch)
        update("generator", self.generator_objective, batch)
        update("discriminator", self.discriminator_objective, batch)

    def discriminator_objective(self, batch: Batch) -> Losses:
        """-log D(x) - log(1 - D(x')) - log(1 - D(G(z))): reconstructions are told from data as samples are."""
        with torch.no_grad():
            again, sample = self.made(batch)
        judged = {"d_real": batch.x, "d_again": again, "d_fake": sample}
        logits = {key: self.discriminator(x) for key, x in judged.items()}
        loss = discriminator_minimax(logits["d_real"], logits["d_fake"]) - generator_minimax(logits["d_again"])
        return {"loss": loss, **{key: value.sigmoid().mean() for key, value in logits.items()}}

    def posterior(self, x: Tensor, y: Tensor | None = None) -> DiagonalNormal:
        """q(z|x), or q(z|x, y) of a conditional recipe."""
        mean, log_std = self.encoder(x, y).float().chunk(2, 1)
        return DiagonalNormal(mean, log_std)

    def made(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Reconstructions of the batch, from a draw of the posterior, and samples; of the batch's labels, if any."""
        y = batch.y if self.conditional else None
        code = self.posterior(batch.x, y).sample(batch.noise.normal(self.config.latent))
        return self.generate(code, y), self.generate(self.prior(batch.noise), y)

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.generator(z, y)
