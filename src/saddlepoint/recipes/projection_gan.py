"""Projection discriminator.

Takeru Miyato, Masanori Koyama: cGANs with Projection Discriminator. ICLR 2018, arXiv 1802.05637.
"""

from __future__ import annotations

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from saddlepoint.catalogue import Paper, register
from saddlepoint.config import Decays, Positive
from saddlepoint.families import Pair, PairConfig
from saddlepoint.networks.mlp import mlp
from saddlepoint.networks.pair import MLPGenerator
from saddlepoint.networks.projection import Projection, ResNetFeatures, ResNetGenerator
from saddlepoint.networks.spectral import spectral
from saddlepoint.objectives.adversarial import discriminator_hinge, generator_wasserstein
from saddlepoint.types import Batch, Losses


class ProjectionGANConfig(PairConfig):
    widths: Annotated[tuple[int, ...], Positive, Field(min_length=1)] = (512, 512, 512)
    """Points: units in the hidden layers of both networks; the label meets the last of them."""
    latent: int = Field(128, ge=1)
    """Dimensions of z."""
    betas: Annotated[tuple[float, float], Decays] = (0.0, 0.9)
    """Adam's decay rates."""
    d_steps: int = Field(5, ge=1)
    """Discriminator updates for each generator update (n_dis)."""
    width: int = Field(64, ge=1)
    """Images: channels of the largest maps, doubled at each halving of the size up to 16 times."""


@register(
    "projection_gan",
    paper=Paper(
        title="cGANs with Projection Discriminator",
        authors="Miyato, Takeru and Koyama, Masanori",
        year=2018,
        venue="ICLR",
        arxiv="1802.05637",
    ),
    group="conditional",
)
class ProjectionGAN(Pair[ProjectionGANConfig]):
    """The label enters the discriminator as an inner product with its features, as in a log density ratio."""

    Config = ProjectionGANConfig
    conditional = True

    def build(self) -> None:
        spec, config = self.spec, self.config
        if spec.kind == "points":
            self.generator = MLPGenerator(config.latent, spec, config.widths, len(spec.classes))
            *hidden, out = config.widths
            phi: nn.Module = nn.Sequential(mlp(spec.dimensions, hidden, out), nn.ReLU())
        else:
            self.generator = ResNetGenerator(config.latent, spec, config.width)
            phi = ResNetFeatures(spec, config.width)
            out = phi.out
        self.discriminator = Projection(phi, out, len(spec.classes))
        spectral(self.discriminator)

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.generator(z, y)

    def discriminator_objective(self, batch: Batch) -> Losses:
        """Equation 17 of the hinge loss: E max(0, 1 - D(x, y)) + E max(0, 1 + D(G(z, y), y))."""
        assert batch.y is not None
        with torch.no_grad():
            fake = self.generate(self.prior(batch.noise), batch.y)
        # One pass, so one step of the power iteration an update.
        d_real, d_fake = self.discriminator(torch.cat([batch.x, fake]), batch.y.repeat(2)).chunk(2)
        loss = discriminator_hinge(d_real, d_fake)
        return {"loss": loss, "score_real": d_real.float().mean(), "score_fake": d_fake.float().mean()}

    def generator_objective(self, batch: Batch) -> Losses:
        """-E D(G(z, y), y)."""
        fake = self.generate(self.prior(batch.noise), batch.y)
        return {"loss": generator_wasserstein(self.discriminator(fake, batch.y))}
