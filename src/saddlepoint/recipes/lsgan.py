"""Least squares GAN.

Xudong Mao, Qing Li, Haoran Xie, Raymond Y.K. Lau, Zhen Wang, Stephen Paul Smolley: Least Squares Generative Adversarial
Networks. ICCV 2017, arXiv 1611.04076.
"""

from __future__ import annotations

import torch
from pydantic import Field

from saddlepoint.catalogue import Paper, register
from saddlepoint.families import Pair, PairConfig
from saddlepoint.objectives.adversarial import discriminator_least_squares, generator_least_squares
from saddlepoint.types import Batch, Losses


class LSGANConfig(PairConfig):
    lr: float = Field(1e-3, gt=0)
    """Learning rate of both players."""
    # The paper's two codings: 0, 1, 1 (equation 9), which its experiments use, and -1, 1, 0 (equation 8).
    a: float = 0.0
    """What D is to answer for fakes."""
    b: float = 1.0
    """What D is to answer for data."""
    c: float = 1.0
    """What G wants D to answer for fakes."""


@register(
    "lsgan",
    paper=Paper(
        title="Least Squares Generative Adversarial Networks",
        authors="Mao, Xudong and Li, Qing and Xie, Haoran and Lau, Raymond Y.K. and Wang, Zhen and "
        "Smolley, Stephen Paul",
        year=2017,
        venue="ICCV",
        arxiv="1611.04076",
    ),
    group="objective",
    presets={"lsgan_pearson": {"a": -1.0, "b": 1.0, "c": 0.0}},
)
class LSGAN(Pair[LSGANConfig]):
    """The GAN game with squared errors: samples far on the right side of the boundary still get a gradient."""

    Config = LSGANConfig

    def discriminator_objective(self, batch: Batch) -> Losses:
        """Equation 2, the discriminator's side: E (D(x) - b)² / 2 + E (D(G(z)) - a)² / 2."""
        with torch.no_grad():
            fake = self.generator(self.prior(batch.noise))
        d_real, d_fake = self.discriminator(batch.x), self.discriminator(fake)
        loss = discriminator_least_squares(d_real, d_fake, self.config.a, self.config.b)
        return {"loss": loss, "d_real": d_real.float().mean(), "d_fake": d_fake.float().mean()}

    def generator_objective(self, batch: Batch) -> Losses:
        """Equation 2, the generator's side: E (D(G(z)) - c)² / 2."""
        d_fake = self.discriminator(self.generator(self.prior(batch.noise)))
        return {"loss": generator_least_squares(d_fake, self.config.c)}
