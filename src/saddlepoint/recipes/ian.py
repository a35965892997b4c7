"""Introspective adversarial network.

Andrew Brock, Theodore Lim, J.M. Ritchie, Nick Weston: Neural Photo Editing with Introspective Adversarial Networks.
ICLR 2017, arXiv 1609.07093.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from saddlepoint.catalogue import Paper, register
from saddlepoint.distributions import DiagonalNormal
from saddlepoint.families import AutoencodingConfig, TwoPlayer
from saddlepoint.networks.pair import discriminator_for, generator_for
from saddlepoint.objectives.divergences import kl_to_standard_normal
from saddlepoint.recipe import Player
from saddlepoint.types import Batch, Losses

REAL, GENERATED, RECONSTRUCTED = range(3)


class IANConfig(AutoencodingConfig):
    latent: int = Field(100, ge=1)
    """Dimensions of z."""
    adversarial_weight: float = Field(1.0, ge=0)
    """Of passing for real, for samples and for reconstructions (lambda_adv)."""
    image_weight: float = Field(3.0, ge=0)
    """Of a reconstruction's mean absolute error (lambda_img)."""
    feature_weight: float = Field(1.0, ge=0)
    """Of its mean squared error in D's features (lambda_feature)."""


@register(
    "ian",
    paper=Paper(
        title="Neural Photo Editing with Introspective Adversarial Networks",
        authors="Brock, Andrew and Lim, Theodore and Ritchie, J.M. and Weston, Nick",
        year=2017,
        venue="ICLR",
        arxiv="1609.07093",
    ),
    group="variational",
)
class IAN(TwoPlayer[IANConfig]):
    """A VAE/GAN whose encoder is one layer on the discriminator's features: it looks at what it judges by."""

    Config = IANConfig
    kinds = ("image", "points")
    min_side = 8
    averaged = ("generator", "encoder", "discriminator")

    def build(self) -> None:
        spec, config = self.spec, self.config
        self.generator = generator_for(spec, config.latent, config.width, config.widths)
        self.discriminator = judge = discriminator_for(spec, config.width, config.widths, outputs=3)
        self.encoder = nn.Linear(judge.width, 2 * config.latent)

    def players(self) -> dict[str, Player]:
        lr, betas = self.config.lr, self.config.betas
        return {
            "discriminator": Player(modules=(self.discriminator,), lr=lr, betas=betas),
            "generator": Player(modules=(self.generator, self.encoder), lr=lr, betas=betas),
        }

    def discriminator_objective(self, batch: Batch) -> Losses:
        """L_D, section 3.2: the cross-entropy of three classes, what is real, generated and reconstructed."""
        with torch.no_grad():
            again = self.generator(self.posterior(batch.x).sample(batch.noise.normal(self.config.latent)))
            sample = self.generator(self.prior(batch.noise))
        losses = {
            "real": self._missed(batch.x, REAL),
            "generated": self._missed(sample, GENERATED),
            "reconstructed": self._missed(again, RECONSTRUCTED),
        }
        return {"loss": torch.stack([*losses.values()]).sum(), **losses}

    def generator_objective(self, batch: Batch) -> Losses:
        """L_E,G, section 3.2: to pass for real, reconstruct in values and in features, and keep near the prior."""
        config, x, q = self.config, batch.x, self.posterior(batch.x)
        again = self.generator(q.sample(batch.noise.normal(config.latent)))
        sample = self.generator(self.prior(batch.noise))
        deceit = self._missed(sample, REAL) + self._missed(again, REAL)
        image = (x - again).float().abs().mean()
        features = (self.features(x) - self.features(again)).float().square().mean()
        kl = kl_to_standard_normal(q).mean() / config.latent
        loss = config.adversarial_weight * deceit + config.image_weight * image + config.feature_weight * features + kl
        return {"loss": loss, "deceit": deceit, "image": image, "features": features, "kl": kl}

    def _missed(self, x: Tensor, kind: int) -> Tensor:
        """-E log D(kind | x)."""
        logits = self.discriminator(x).float()
        return cross_entropy(logits, torch.full((len(x),), kind, device=x.device))

    def realness(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self.discriminator(x).float().log_softmax(1)[:, REAL]

    def posterior(self, x: Tensor) -> DiagonalNormal:
        """q(z|x)."""
        mean, log_std = self.encoder(self.features(x)).float().chunk(2, 1)
        return DiagonalNormal(mean, log_std)

    def encode(self, x: Tensor) -> Tensor:
        """The mean of q(z|x)."""
        return self.posterior(x).mean
