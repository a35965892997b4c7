"""GAN with spectral normalisation.

Takeru Miyato, Toshiki Kataoka, Masanori Koyama, Yuichi Yoshida: Spectral Normalization for Generative Adversarial
Networks. ICLR 2018, arXiv 1802.05957.
"""

from __future__ import annotations

from typing import Annotated

import torch
from pydantic import Field

from saddlepoint.catalogue import Paper, register
from saddlepoint.config import Decays
from saddlepoint.families import Pair, PairConfig
from saddlepoint.networks.spectral import spectral
from saddlepoint.objectives.adversarial import discriminator_hinge, generator_wasserstein
from saddlepoint.types import Batch, Losses


class SNGANConfig(PairConfig):
    latent: int = Field(128, ge=1)
    """Dimensions of z."""
    betas: Annotated[tuple[float, float], Decays] = (0.0, 0.9)
    """Adam's decay rates."""
    d_steps: int = Field(5, ge=1)
    """Discriminator updates for each generator update (n_dis)."""


@register(
    "sngan",
    paper=Paper(
        title="Spectral Normalization for Generative Adversarial Networks",
        authors="Miyato, Takeru and Kataoka, Toshiki and Koyama, Masanori and Yoshida, Yuichi",
        year=2018,
        venue="ICLR",
        arxiv="1802.05957",
    ),
    group="objective",
)
class SNGAN(Pair[SNGANConfig]):
    """The discriminator's layers are divided by their largest singular value, so its slope is bounded by design."""

    Config = SNGANConfig

    def build(self) -> None:
        # Inside the hinge's margin, where spectral norm keeps most scores, an output bias has no gradient.
        self.build_pair(norm=None, output_bias=False)
        spectral(self.discriminator)

    def discriminator_objective(self, batch: Batch) -> Losses:
        """Equation 16: E max(0, 1 - D(x)) + E max(0, 1 + D(G(z)))."""
        with torch.no_grad():
            fake = self.generator(self.prior(batch.noise))
        # One pass, so one step of the power iteration an update (algorithm 1); no batch norm minds the mixture.
        d_real, d_fake = self.discriminator(torch.cat([batch.x, fake])).chunk(2)
        loss = discriminator_hinge(d_real, d_fake)
        return {"loss": loss, "score_real": d_real.float().mean(), "score_fake": d_fake.float().mean()}

    def generator_objective(self, batch: Batch) -> Losses:
        """Equation 17: minimise -E D(G(z))."""
        return {"loss": generator_wasserstein(self.discriminator(self.generator(self.prior(batch.noise))))}
