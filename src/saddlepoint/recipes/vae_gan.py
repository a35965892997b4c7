"""VAE/GAN.

Anders Boesen Lindbo Larsen, Søren Kaae Sønderby, Hugo Larochelle, Ole Winther: Autoencoding beyond pixels using a
learned similarity metric. ICML 2016, arXiv 1512.09300.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from torch import Tensor

from saddlepoint.catalogue import Paper, register
from saddlepoint.config import Decays
from saddlepoint.families import AutoencodingConfig, AutoencodingGAN
from saddlepoint.networks.pair import discriminator_for, generator_for
from saddlepoint.objectives.adversarial import generator_nonsaturating
from saddlepoint.objectives.divergences import kl_to_standard_normal
from saddlepoint.objectives.feature_matching import half_squared
from saddlepoint.types import Batch, Losses


class VAEGANConfig(AutoencodingConfig):
    gamma: float = Field(1e-3, ge=0)
    """Weight, for the generator, of being like the example in D's features, against deceiving D."""
    lr: float = Field(3e-4, gt=0)
    """RMSProp's learning rate of every player."""
    betas: Annotated[tuple[float, float], Decays] = (0.0, 0.9)
    """The second is RMSProp's decay rate; it has no first."""


@register(
    "vae_gan",
    paper=Paper(
        title="Autoencoding beyond pixels using a learned similarity metric",
        authors="Larsen, Anders Boesen Lindbo and Sønderby, Søren Kaae and Larochelle, Hugo and Winther, Ole",
        year=2016,
        venue="ICML",
        arxiv="1512.09300",
    ),
    group="variational",
)
class VAEGAN(AutoencodingGAN[VAEGANConfig]):
    """A variational autoencoder that compares by the features of a discriminator, in the place of pixels."""

    Config = VAEGANConfig
    optimizer: ClassVar[Literal["adam", "rmsprop", "sgd"]] = "rmsprop"

    def build(self) -> None:
        spec, config = self.spec, self.config
        self.encoder = discriminator_for(spec, config.width, config.widths, outputs=2 * config.latent)
        self.generator = generator_for(spec, config.latent, config.width, config.widths)
        self.discriminator = discriminator_for(spec, config.width, config.widths)

    def encoder_objective(self, batch: Batch) -> Losses:
        """L_prior + L_llike (equations 2 and 7): the KL to the prior, and unlikeness in D's features, in nats."""
        q = self.posterior(batch.x)
        again = self.generator(q.sample(batch.noise.normal(self.config.latent)))
        kl, unlike = kl_to_standard_normal(q).mean(), self.unlikeness(batch.x, again)
        return {"loss": kl + unlike, "kl": kl, "unlikeness": unlike}

    def generator_objective(self, batch: Batch) -> Losses:
        """gamma L_llike - L_GAN, the part of G, which is to deceive D by reconstructions and by samples.

        In the non-saturating form of Goodfellow et al. 2014, section 3.
        """
        again, sample = self.made(batch)
        deceit = generator_nonsaturating(self.discriminator(again))
        deceit = deceit + generator_nonsaturating(self.discriminator(sample))
        # After them: a compiled D writes its statistics where the features' gradient, which is eager, still looks.
        unlike = self.unlikeness(batch.x, again)
        return {"loss": self.config.gamma * unlike + deceit, "unlikeness": unlike, "deceit": deceit}

    def unlikeness(self, x: Tensor, again: Tensor) -> Tensor:
        """L_llike, equation 7: -log N(f(x) | f(x'), I) of D's last hidden layer f, but for its constant."""
        return half_squared(self.features(x), self.features(again))

    def encode(self, x: Tensor) -> Tensor:
        """The mean of q(z|x)."""
        return self.posterior(x).mean
