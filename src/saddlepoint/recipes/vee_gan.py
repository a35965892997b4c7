"""VEEGAN.

Akash Srivastava, Lazar Valkov, Chris Russell, Michael Gutmann, Charles Sutton: VEEGAN: Reducing Mode Collapse in GANs
using Implicit Variational Learning. NeurIPS 2017, arXiv 1705.07761.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from pydantic import Field
from torch import Tensor

from saddlepoint.catalogue import Paper, register
from saddlepoint.families import FromLatent, InferenceConfig
from saddlepoint.networks.joint import JointDiscriminator
from saddlepoint.networks.pair import discriminator_for, generator_for
from saddlepoint.objectives.adversarial import discriminator_minimax
from saddlepoint.recipe import Player, Update
from saddlepoint.types import Batch, Losses


class VEEGANConfig(InferenceConfig):
    d_rate: float = Field(0.2, gt=0)
    """Learning rate of the discriminator, as a multiple of the others' `lr`."""


@register(
    "vee_gan",
    paper=Paper(
        title="VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational Learning",
        authors="Srivastava, Akash and Valkov, Lazar and Russell, Chris and Gutmann, Michael U. and Sutton, Charles",
        year=2017,
        venue="NeurIPS",
        arxiv="1705.07761",
    ),
    group="inference",
)
class VEEGAN(FromLatent[VEEGANConfig]):
    """A reconstructor maps samples back to their noise, which they cannot do who have lost modes of it."""

    Config = VEEGANConfig
    kinds = ("image", "points")
    min_side = 8
    averaged = ("generator", "reconstructor")

    def build(self) -> None:
        spec, config = self.spec, self.config
        self.generator = generator_for(spec, config.latent, config.width, config.widths)
        self.reconstructor = discriminator_for(spec, config.width, config.widths, outputs=config.latent)
        self.discriminator = JointDiscriminator(spec, config.latent, config.width, config.widths, config.hidden)

    def players(self) -> dict[str, Player]:
        lr, betas = self.config.lr, self.config.betas
        return {
            "discriminator": Player(modules=(self.discriminator,), lr=lr * self.config.d_rate, betas=betas),
            "reconstructor": Player(modules=(self.reconstructor,), lr=lr, betas=betas),
            "generator": Player(modules=(self.generator,), lr=lr, betas=betas),
        }

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        """Algorithm 1: each of the three on one batch of pairs."""
        for _ in range(self.config.d_steps):
            update("discriminator", self.discriminator_objective, next(batches))
        update("reconstructor", self.reconstructor_objective, batch := next(batches))
        update("generator", self.generator_objective, batch)

    def discriminator_objective(self, batch: Batch) -> Losses:
        """-E log s(D(z, G(z))) - E log(1 - s(D(F(x), x))): D becomes the log ratio of the two joint densities."""
        z = self.prior(batch.noise)
        with torch.no_grad():
            fake, code = self.generator(z), self.reconstructor(batch.x)
        ours, theirs = self.discriminator(fake, z), self.discriminator(batch.x, code)
        return {"loss": discriminator_minimax(ours, theirs), "ratio": ours.float().mean()}

    def reconstructor_objective(self, batch: Batch) -> Losses:
        """E ||z - F(G(z))||²."""
        z = self.prior(batch.noise)
        with torch.no_grad():
            fake = self.generator(z)
        return {"loss": self.distance(z, fake)}

    def generator_objective(self, batch: Batch) -> Losses:
        """E D(z, G(z)) + E ||z - F(G(z))||²: equation 5, with D in place of the log ratio."""
        z = self.prior(batch.noise)
        fake = self.generator(z)
        ratio, distance = self.discriminator(fake, z).float().mean(), self.distance(z, fake)
        return {"loss": ratio + distance, "ratio": ratio, "reconstruction": distance}

    def distance(self, z: Tensor, fake: Tensor) -> Tensor:
        """||z - F(G(z))||², summed over the dimensions of z."""
        return (z - self.reconstructor(fake)).float().square().sum(1).mean()

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.generator(z)

    def encode(self, x: Tensor) -> Tensor:
        return self.reconstructor(x)

    def realness(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Minus the log ratio: D favours what comes from the generator."""
        return -self.discriminator(x, self.encode(x)).float().flatten()
