"""Deep convolutional GAN.

Alec Radford, Luke Metz, Soumith Chintala: Unsupervised Representation Learning with Deep Convolutional Generative
Adversarial Networks. ICLR 2016, arXiv 1511.06434.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field

from saddlepoint.catalogue import Paper, register
from saddlepoint.families import TwoPlayer, TwoPlayerConfig
from saddlepoint.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from saddlepoint.objectives.adversarial import generator_minimax, generator_nonsaturating
from saddlepoint.priors import Slice
from saddlepoint.recipe import Player
from saddlepoint.recipes._folklore import Folklore
from saddlepoint.types import Batch, Losses


class DCGANConfig(Folklore, TwoPlayerConfig):
    prior: Literal["uniform", "normal", "sphere"] = "uniform"
    """z from U(-1, 1) in each dimension, standard normal, or uniform on the sphere of radius sqrt(latent)."""
    width: int = Field(128, ge=1)
    """Channels of the largest hidden maps, doubled at each halving of the size."""


@register(
    "dcgan",
    group="network",
    paper=Paper(
        title="Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks",
        authors="Radford, Alec and Metz, Luke and Chintala, Soumith",
        year=2016,
        venue="ICLR",
        arxiv="1511.06434",
    ),
)
class DCGAN(TwoPlayer[DCGANConfig]):
    """The GAN game between two convolutional networks, by the five guidelines that made it stable."""

    Config = DCGANConfig
    min_side = 8

    def build(self) -> None:
        config, shape = self.config, self.spec.shape
        self.generator = DCGANGenerator(config.latent, shape, config.width, **config.of_generator())
        self.discriminator = DCGANDiscriminator(shape, config.width, **config.of_discriminator(self.spec))

    def players(self) -> dict[str, Player]:
        return self.config.with_optimizer(super().players())

    @property
    def slices(self) -> tuple[Slice, ...]:
        return (Slice(size=self.config.latent, prior=self.config.prior),)

    def discriminator_objective(self, batch: Batch) -> Losses:
        """Goodfellow et al. 2014, equation 1. Real and fake pass apart, each with its own batch statistics."""
        with torch.no_grad():
            fake = self.generator(self.prior(batch.noise))
        d_real, d_fake = self.config.judge(self.discriminator, batch.x, fake, batch.noise, self.images_seen)
        loss = self.config.discriminator_loss(d_real, d_fake, batch)
        return {"loss": loss, "d_real": d_real[:, 0].sigmoid().mean(), "d_fake": d_fake[:, 0].sigmoid().mean()}

    def generator_objective(self, batch: Batch) -> Losses:
        """Goodfellow et al. 2014, section 3: maximise E log D(G(z))."""
        fake = self.generator(self.prior(batch.noise))
        d_fake = self.config.judge_fake(self.discriminator, batch.x, fake, batch.noise, self.images_seen)
        loss = generator_minimax if self.config.objective == "minimax" else generator_nonsaturating
        return {"loss": loss(d_fake[:, :1])}
