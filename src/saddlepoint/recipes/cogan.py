"""Coupled GAN.

Ming-Yu Liu, Oncel Tuzel: Coupled Generative Adversarial Networks. NeurIPS 2016, arXiv 1606.07536.
"""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.catalogue import Paper, register
from saddlepoint.families import Pair, PairConfig
from saddlepoint.networks.coupled import CoupledDiscriminator, CoupledGenerator
from saddlepoint.networks.pair import discriminator_for, generator_for
from saddlepoint.objectives.adversarial import discriminator_minimax, generator_nonsaturating
from saddlepoint.types import Batch, Losses


class CoGANConfig(PairConfig):
    pass


@register(
    "cogan",
    paper=Paper(
        title="Coupled Generative Adversarial Networks",
        authors="Liu, Ming-Yu and Tuzel, Oncel",
        year=2016,
        venue="NeurIPS",
        arxiv="1606.07536",
    ),
    group="conditional",
)
class CoGAN(Pair[CoGANConfig]):
    """A GAN for each domain, weights shared where they are abstract: unpaired data, yet one z makes a pair."""

    Config = CoGANConfig
    conditional = True

    def build(self) -> None:
        """The classes of the data are the domains."""
        spec, config = self.spec, self.config
        domains, images = len(spec.classes), spec.kind == "image"
        generator = generator_for(spec, config.latent, config.width, config.widths)
        discriminator = discriminator_for(spec, config.width, config.widths)
        # Nearest to the example: the convolution with its tanh in G, the first layer with its activation in D.
        self.generator = CoupledGenerator(generator.layers, 2 if images else 1, domains, spatial=images)
        self.discriminator = CoupledDiscriminator(discriminator.layers, 2, domains)

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.generator(z, y)

    def discriminator_objective(self, batch: Batch) -> Losses:
        """Equation 2: the sum of the domains' games, each example in its own."""
        with torch.no_grad():
            fake = self.generate(self.prior(batch.noise), batch.y)
        d_real, d_fake = self.discriminator(batch.x, batch.y), self.discriminator(fake, batch.y)
        loss = discriminator_minimax(d_real, d_fake)
        return {"loss": loss, "d_real": d_real.sigmoid().mean(), "d_fake": d_fake.sigmoid().mean()}

    def generator_objective(self, batch: Batch) -> Losses:
        """Equation 2, the generators' side, non-saturating."""
        fake = self.generate(self.prior(batch.noise), batch.y)
        return {"loss": generator_nonsaturating(self.discriminator(fake, batch.y))}
