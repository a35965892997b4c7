"""Relativistic average GAN.

Alexia Jolicoeur-Martineau: The relativistic discriminator: a key element missing from standard GAN. ICLR 2019, arXiv
1807.00734.
"""

from __future__ import annotations

import torch

from saddlepoint.catalogue import Paper, register
from saddlepoint.distributed import whole_batch
from saddlepoint.families import Pair, PairConfig
from saddlepoint.objectives.adversarial import relativistic_average_discriminator, relativistic_average_generator
from saddlepoint.types import Batch, Losses


class RaGANConfig(PairConfig):
    pass


@register(
    "ragan",
    paper=Paper(
        title="The relativistic discriminator: a key element missing from standard GAN",
        authors="Jolicoeur-Martineau, Alexia",
        year=2019,
        venue="ICLR",
        arxiv="1807.00734",
    ),
    group="objective",
)
class RaGAN(Pair[RaGANConfig]):
    """The discriminator says how much more real an example is than the average one of the other kind."""

    Config = RaGANConfig
    compares = True

    def build(self) -> None:
        # Differences of scores only: a bias on the output would never move.
        self.build_pair(output_bias=False)

    def discriminator_objective(self, batch: Batch) -> Losses:
        """RaSGAN: -E log s(D(x) - E D(G(z))) - E log(1 - s(D(G(z)) - E D(x)))."""
        with torch.no_grad():
            fake = self.generator(self.prior(batch.noise))
        d_real, d_fake = whole_batch(self.discriminator(batch.x)), whole_batch(self.discriminator(fake))
        loss = relativistic_average_discriminator(d_real, d_fake)
        return {"loss": loss, "margin": d_real.float().mean() - d_fake.float().mean()}

    def generator_objective(self, batch: Batch) -> Losses:
        """RaSGAN with the roles exchanged: real examples lose what fakes win, so both halves reach G."""
        with torch.no_grad():  # D(x) holds no parameter of G
            d_real = whole_batch(self.discriminator(batch.x))
        d_fake = whole_batch(self.discriminator(self.generator(self.prior(batch.noise))))
        return {"loss": relativistic_average_generator(d_real, d_fake)}
