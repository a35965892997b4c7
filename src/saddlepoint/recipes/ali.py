"""Adversarially learned inference.

Vincent Dumoulin, Ishmael Belghazi, Ben Poole, Olivier Mastropietro, Alex Lamb, Martin Arjovsky, Aaron Courville:
Adversarially Learned Inference. ICLR 2017, arXiv 1606.00704.
"""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from saddlepoint.catalogue import Paper, register
from saddlepoint.families import AdversarialInference, InferenceConfig
from saddlepoint.networks.joint import JointDiscriminator
from saddlepoint.networks.pair import discriminator_for, generator_for
from saddlepoint.types import Noise


class ALIConfig(InferenceConfig):
    latent: int = Field(256, ge=1)
    """Dimensions of z."""
    lr: float = Field(1e-4, gt=0)
    """Learning rate of both players."""
    dropout: float = Field(0.2, ge=0, lt=1)
    """Images: share of the units of the discriminator's dense layers silenced at random in training."""


@register(
    "ali",
    paper=Paper(
        title="Adversarially Learned Inference",
        authors="Dumoulin, Vincent and Belghazi, Ishmael and Poole, Ben and Mastropietro, Olivier and Lamb, Alex and "
        "Arjovsky, Martin and Courville, Aaron",
        year=2017,
        venue="ICLR",
        arxiv="1606.00704",
    ),
    group="inference",
)
class ALI(AdversarialInference[ALIConfig]):
    """A stochastic encoder, a Gaussian q(z|x), plays on the generator's side over pairs (x, z)."""

    Config = ALIConfig

    def build(self) -> None:
        spec, config = self.spec, self.config
        self.generator = generator_for(spec, config.latent, config.width, config.widths)
        self.encoder = discriminator_for(spec, config.width, config.widths, outputs=2 * config.latent)
        self.discriminator = JointDiscriminator(
            spec, config.latent, config.width, config.widths, config.hidden, config.dropout
        )

    def encode(self, x: Tensor) -> Tensor:
        """The mean of q(z|x)."""
        return self.encoder(x).chunk(2, 1)[0]

    def infer(self, x: Tensor, noise: Noise) -> Tensor:
        """A draw of q(z|x) = N(mu(x), sigma(x)²), reparametrised: equation 4."""
        mean, log_std = self.encoder(x).float().chunk(2, 1)
        return mean + log_std.exp() * noise.normal(self.config.latent)
