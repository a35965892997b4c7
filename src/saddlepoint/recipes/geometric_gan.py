"""Geometric GAN.

Jae Hyun Lim, Jong Chul Ye: Geometric GAN. 2017, arXiv 1705.02894.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field

from saddlepoint.catalogue import Paper, register
from saddlepoint.config import Decays
from saddlepoint.families import Pair, PairConfig
from saddlepoint.objectives.adversarial import discriminator_hinge, generator_wasserstein
from saddlepoint.types import Batch, Losses


class GeometricGANConfig(PairConfig):
    betas: Annotated[tuple[float, float], Decays] = (0.0, 0.99)
    """The second is RMSProp's decay rate; it has no first."""
    decay_w: float = Field(1 / 64, ge=0)
    """Weight of |w|² / 2, which keeps the margin wide: 1 / (C n) for the SVM's C (1) and batches of n (64)."""


@register(
    "geometric_gan",
    paper=Paper(title="Geometric GAN", authors="Lim, Jae Hyun and Ye, Jong Chul", year=2017, arxiv="1705.02894"),
    group="objective",
)
class GeometricGAN(Pair[GeometricGANConfig]):
    """The discriminator's last layer is a soft-margin SVM on its features; fakes move along the SVM's normal vector."""

    Config = GeometricGANConfig
    optimizer: ClassVar[Literal["adam", "rmsprop", "sgd"]] = "rmsprop"

    def discriminator_objective(self, batch: Batch) -> Losses:
        """|w|² / 2 + C sum_i max(0, 1 - D(x_i)) + C sum_i max(0, 1 + D(G(z_i))), over C n; D = <w, features> + b."""
        with torch.no_grad():
            fake = self.generator(self.prior(batch.noise))
        d_real, d_fake = self.discriminator(batch.x), self.discriminator(fake)
        slack = discriminator_hinge(d_real, d_fake)
        w, _ = list(self.discriminator.parameters())[-2:]  # of the last layer
        # Examples on or inside the margin, which alone move the discriminator.
        support = torch.cat([d_real < 1, d_fake > -1]).float().mean()
        return {"loss": slack + self.config.decay_w / 2 * w.square().sum(), "slack": slack, "support": support}

    def generator_objective(self, batch: Batch) -> Losses:
        """Minimise -E D(G(z)): features of fakes move along w, whatever side of the margin they are on."""
        return {"loss": generator_wasserstein(self.discriminator(self.generator(self.prior(batch.noise))))}
