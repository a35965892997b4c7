"""Coupled GAN.

Ming-Yu Liu, Oncel Tuzel: Coupled Generative Adversarial Networks. NeurIPS 2016, arXiv 1606.07536.
"""

from __future__ import annotations

from saddlepoint.catalogue import Paper, register
from saddlepoint.families import ConditionalTwoPlayer, PairConfig
from saddlepoint.networks.coupled import CoupledDiscriminator, CoupledGenerator
from saddlepoint.networks.pair import discriminator_for, generator_for


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
class CoGAN(ConditionalTwoPlayer[CoGANConfig]):
    """A GAN for each domain, weights shared where they are abstract: unpaired data, yet one z makes a pair."""

    Config = CoGANConfig
    kinds = ("image", "points")
    min_side = 8

    def build(self) -> None:
        """The classes of the data are the domains."""
        spec, config = self.spec, self.config
        domains, images = len(spec.classes), spec.kind == "image"
        generator = generator_for(spec, config.latent, config.width, config.widths)
        discriminator = discriminator_for(spec, config.width, config.widths)
        # Nearest to the example: the convolution with its tanh in G, the first layer with its activation in D.
        self.generator = CoupledGenerator(generator.layers, 2 if images else 1, domains, spatial=images)
        self.discriminator = CoupledDiscriminator(discriminator.layers, 2, domains)
