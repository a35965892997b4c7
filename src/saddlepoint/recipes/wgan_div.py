"""Wasserstein divergence GAN.

Jiqing Wu, Zhiwu Huang, Janine Thoma, Dinesh Acharya, Luc Van Gool: Wasserstein Divergence for GANs. ECCV 2018, arXiv
1712.01026.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

import torch
from pydantic import Field
from torch import nn

from saddlepoint.catalogue import Paper, register
from saddlepoint.config import Decays
from saddlepoint.families import Pair, PairConfig
from saddlepoint.objectives.adversarial import critic_wasserstein, generator_wasserstein
from saddlepoint.objectives.penalties import interpolates, slope_squared
from saddlepoint.types import Batch, Losses


class WGANDivConfig(PairConfig):
    latent: int = Field(128, ge=1)
    """Dimensions of z."""
    betas: Annotated[tuple[float, float], Decays] = (0.0, 0.999)
    """Adam's decay rates."""
    d_steps: int = Field(5, ge=1)
    """Critic updates for each generator update (n_critic)."""
    k: float = Field(2.0, gt=0)
    """Weight of the gradient's p-th power."""
    p: float = Field(6.0, gt=1)
    """Power of the gradient's norm."""


@register(
    "wgan_div",
    paper=Paper(
        title="Wasserstein Divergence for GANs",
        authors="Wu, Jiqing and Huang, Zhiwu and Thoma, Janine and Acharya, Dinesh and Van Gool, Luc",
        year=2018,
        venue="ECCV",
        arxiv="1712.01026",
    ),
    group="objective",
)
class WGANDiv(Pair[WGANDivConfig]):
    """A Wasserstein divergence, not the distance: the critic pays for a power of its gradient, free to choose it."""

    Config = WGANDivConfig

    def build(self) -> None:
        # The penalty is on each input apart, so the critic has layer norm where DCGAN's has batch norm, as in wgan_gp;
        # a bias on its output would never move.
        self.build_pair(norm=partial(nn.GroupNorm, 1), output_bias=False)

    def discriminator_objective(self, batch: Batch) -> Losses:
        """Minimise E f(G(z)) - E f(x) + k E ||grad f(x_hat)||^p, x_hat between data and fakes (algorithm 1)."""
        with torch.no_grad():
            fake = self.generator(self.prior(batch.noise))
        wasserstein = -critic_wasserstein(self.discriminator(batch.x), self.discriminator(fake))
        x_hat = interpolates(batch.x.float(), fake.float(), batch.noise.uniform(1))
        penalty = slope_squared(self.discriminator, x_hat).pow(self.config.p / 2).mean()
        return {"loss": -wasserstein + self.config.k * penalty, "wasserstein": wasserstein, "penalty": penalty}

    def generator_objective(self, batch: Batch) -> Losses:
        """Minimise -E f(G(z))."""
        return {"loss": generator_wasserstein(self.discriminator(self.generator(self.prior(batch.noise))))}
