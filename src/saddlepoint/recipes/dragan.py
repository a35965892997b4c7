"""DRAGAN: deep regret analytic GAN.

Naveen Kodali, Jacob Abernethy, James Hays, Zsolt Kira: On Convergence and Stability of GANs. 2017, arXiv 1705.07215.
"""

from __future__ import annotations

from functools import partial

import torch
from pydantic import Field
from torch import Tensor, nn

from saddlepoint.catalogue import Paper, register
from saddlepoint.distributed import whole_batch
from saddlepoint.families import Pair, PairConfig
from saddlepoint.objectives.adversarial import discriminator_minimax, generator_nonsaturating
from saddlepoint.objectives.penalties import slope
from saddlepoint.types import Batch, Losses


class DRAGANConfig(PairConfig):
    penalty: float = Field(10.0, ge=0)
    """Weight of the gradient penalty (lambda)."""
    reach: float = Field(0.5, gt=0)
    """Deviation of the noise around data at which the gradient is held, in deviations of the data (sqrt(c))."""


@register(
    "dragan",
    paper=Paper(
        title="On Convergence and Stability of GANs",
        authors="Kodali, Naveen and Abernethy, Jacob and Hays, James and Kira, Zsolt",
        year=2017,
        arxiv="1705.07215",
    ),
    group="objective",
)
class DRAGAN(Pair[DRAGANConfig]):
    """The GAN game with the discriminator's gradient norm held at 1 around the data alone, wherever the fakes are."""

    Config = DRAGANConfig
    compares = True  # the data's deviation is the batch's

    def build(self) -> None:
        self.build_pair(norm=partial(nn.GroupNorm, 1))  # the penalty is on each input apart

    def discriminator_objective(self, batch: Batch) -> Losses:
        """Algorithm 1: the GAN's -E log D(x) - E log(1 - D(G(z))), and lambda E (||grad D(x + delta)|| - 1)²."""
        with torch.no_grad():
            fake = self.generator(self.prior(batch.noise))
        d_real, d_fake = self.discriminator(batch.x), self.discriminator(fake)
        adversarial = discriminator_minimax(d_real, d_fake)
        penalty = (slope(self.discriminator, self.around(batch)) - 1).square().mean()
        loss = adversarial + self.config.penalty * penalty
        return {
            "loss": loss,
            "penalty": penalty,
            "d_real": d_real.sigmoid().mean(),
            "d_fake": d_fake.sigmoid().mean(),
        }

    def around(self, batch: Batch) -> Tensor:
        """x + delta, delta from N(0, c I)."""
        deviation = self.config.reach * whole_batch(batch.x).float().std()
        return batch.x + deviation * batch.noise.normal(*batch.x.shape[1:])

    def generator_objective(self, batch: Batch) -> Losses:
        """-E log D(G(z))."""
        return {"loss": generator_nonsaturating(self.discriminator(self.generator(self.prior(batch.noise))))}
