"""PacGAN.

Zinan Lin, Ashish Khetan, Giulia Fanti, Sewoong Oh: PacGAN: The power of two samples in generative adversarial
networks. NeurIPS 2018, arXiv 1712.04086.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from pydantic import Field
from torch import Tensor

from saddlepoint.catalogue import Paper, register
from saddlepoint.families import Pair, PairConfig
from saddlepoint.networks.pair import discriminator_for
from saddlepoint.objectives.adversarial import discriminator_minimax, generator_nonsaturating
from saddlepoint.types import Batch, Losses


class PacGANConfig(PairConfig):
    packing: int = Field(2, ge=1)
    """Examples that the discriminator judges together (m)."""


def packed(x: Tensor, m: int) -> Tensor:
    """m examples in a row as one: (B, C, ...) -> (B / m, m C, ...), the last filled up with the first rows."""
    rows = torch.arange(-(-len(x) // m) * m, device=x.device) % len(x)
    return x[rows].unflatten(0, (-1, m)).flatten(1, 2)


@register(
    "pac_gan",
    paper=Paper(
        title="PacGAN: The power of two samples in generative adversarial networks",
        authors="Lin, Zinan and Khetan, Ashish and Fanti, Giulia and Oh, Sewoong",
        year=2018,
        venue="NeurIPS",
        arxiv="1712.04086",
    ),
    group="network",
)
class PacGAN(Pair[PacGANConfig]):
    """The discriminator judges several examples at once, so a generator without variety is seen by its repeats."""

    Config = PacGANConfig
    compares = True

    def build(self) -> None:
        self.build_pair()
        # Section 2: packing widens the input and leaves the rest of the architecture as it was.
        channels, *size = self.spec.shape
        config, pack = self.config, replace(self.spec, shape=(self.config.packing * channels, *size))
        self.discriminator = discriminator_for(pack, config.width, config.widths)

    def judge(self, x: Tensor) -> Tensor:
        """One logit a pack."""
        return self.discriminator(packed(x, self.config.packing))

    def realness(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Each example shares the logit of its pack."""
        return self.judge(x).float().flatten().repeat_interleave(self.config.packing)[: len(x)]

    def discriminator_objective(self, batch: Batch) -> Losses:
        """-E log D(x_1, ..., x_m) - E log(1 - D(G(z_1), ..., G(z_m))): a pack is all real or all generated."""
        with torch.no_grad():
            fake = self.generator(self.prior(batch.noise))
        d_real, d_fake = self.judge(batch.x), self.judge(fake)
        loss = discriminator_minimax(d_real, d_fake)
        return {"loss": loss, "d_real": d_real.sigmoid().mean(), "d_fake": d_fake.sigmoid().mean()}

    def generator_objective(self, batch: Batch) -> Losses:
        """-E log D(G(z_1), ..., G(z_m))."""
        return {"loss": generator_nonsaturating(self.judge(self.generator(self.prior(batch.noise))))}
