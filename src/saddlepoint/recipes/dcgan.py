"""Deep convolutional GAN.

Alec Radford, Luke Metz, Soumith Chintala: Unsupervised Representation Learning with Deep Convolutional Generative
Adversarial Networks. ICLR 2016, arXiv 1511.06434.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from saddlepoint.catalogue import Paper, register
from saddlepoint.families import TwoPlayer, TwoPlayerConfig
from saddlepoint.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from saddlepoint.objectives.adversarial import discriminator_minimax, generator_nonsaturating
from saddlepoint.types import Batch, Losses, Noise


class DCGANConfig(TwoPlayerConfig):
    prior: Literal["uniform", "normal"] = "uniform"
    """z from U(-1, 1) in each dimension, or standard normal."""
    width: int = Field(128, ge=1)
    """Channels of the largest hidden maps, doubled at each halving of the size."""


@register(
    "dcgan",
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
        self.generator = DCGANGenerator(self.config.latent, self.spec.shape, self.config.width)
        self.discriminator = DCGANDiscriminator(self.spec.shape, self.config.width)

    def prior(self, noise: Noise) -> Tensor:
        if self.config.prior == "normal":
            return noise.normal(self.config.latent)
        return 2 * noise.uniform(self.config.latent) - 1

    def discriminator_objective(self, batch: Batch) -> Losses:
        """Goodfellow et al. 2014, equation 1. Real and fake pass apart, each with its own batch statistics."""
        with torch.no_grad():
            fake = self.generator(self.prior(batch.noise))
        d_real, d_fake = self.discriminator(batch.x), self.discriminator(fake)
        loss = discriminator_minimax(d_real, d_fake)
        return {"loss": loss, "d_real": d_real.sigmoid().mean(), "d_fake": d_fake.sigmoid().mean()}

    def generator_objective(self, batch: Batch) -> Losses:
        """Goodfellow et al. 2014, section 3: maximise E log D(G(z))."""
        return {"loss": generator_nonsaturating(self.discriminator(self.generator(self.prior(batch.noise))))}
