"""Bidirectional GAN.

Jeff Donahue, Philipp Krähenbühl, Trevor Darrell: Adversarial Feature Learning. ICLR 2017, arXiv 1605.09782.
"""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from saddlepoint.catalogue import Paper, register
from saddlepoint.families import AdversarialInference, InferenceConfig
from saddlepoint.networks.joint import JointDiscriminator
from saddlepoint.networks.pair import discriminator_for, generator_for
from saddlepoint.types import Noise


class BiGANConfig(InferenceConfig):
    latent: int = Field(50, ge=1)
    """Dimensions of z."""


@register(
    "bigan",
    paper=Paper(
        title="Adversarial Feature Learning",
        authors="Donahue, Jeff and Krähenbühl, Philipp and Darrell, Trevor",
        year=2017,
        venue="ICLR",
        arxiv="1605.09782",
    ),
    group="inference",
)
class BiGAN(AdversarialInference[BiGANConfig]):
    """A deterministic encoder plays on the generator's side over pairs (x, z), and learns to invert it."""

    Config = BiGANConfig
    z_prior = "uniform"

    def build(self) -> None:
        spec, config = self.spec, self.config
        self.generator = generator_for(spec, config.latent, config.width, config.widths)
        self.encoder = discriminator_for(spec, config.width, config.widths, outputs=config.latent)
        self.discriminator = JointDiscriminator(spec, config.latent, config.width, config.widths, config.hidden)

    def encode(self, x: Tensor) -> Tensor:
        """E(x), which at the optimum is G's inverse (theorem 2)."""
        return self.encoder(x)

    def infer(self, x: Tensor, noise: Noise) -> Tensor:
        return self.encode(x)
