"""Energy-based GAN.

Junbo Zhao, Michael Mathieu, Yann LeCun: Energy-based Generative Adversarial Network. ICLR 2017, arXiv 1609.03126.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor, nn

from saddlepoint.catalogue import Paper, register
from saddlepoint.distributed import whole_batch
from saddlepoint.families import PairConfig, TwoPlayer
from saddlepoint.networks.pair import discriminator_for, generator_for
from saddlepoint.objectives.energy import discriminator_margin, pulling_away, squared_error
from saddlepoint.types import Batch, DataSpec, Losses


class EBGANConfig(PairConfig):
    code: int = Field(32, ge=1)
    """Dimensions of the discriminator's code."""
    margin: float = Field(0.1, gt=0)
    """Energy up to which the discriminator raises that of samples (m), a squared error a pixel on [-1, 1]."""
    pulling_away: float = Field(0.0, ge=0)
    """Weight of the pulling-away term, which keeps the codes of samples apart."""


class AutoEncoder(nn.Module):
    """x (B, *shape) -> its reproduction (B, *shape) and its code (B, code): a discriminator, then a generator."""

    def __init__(self, spec: DataSpec, config: EBGANConfig) -> None:
        super().__init__()
        self.encoder = discriminator_for(spec, config.width, config.widths, outputs=config.code)
        self.decoder = generator_for(spec, config.code, config.width, config.widths[::-1])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        code = self.encoder(x)
        return self.decoder(code), code


@register(
    "ebgan",
    paper=Paper(
        title="Energy-based Generative Adversarial Network",
        authors="Zhao, Junbo and Mathieu, Michael and LeCun, Yann",
        year=2017,
        venue="ICLR",
        arxiv="1609.03126",
    ),
    group="objective",
    presets={"ebgan_pt": {"pulling_away": 0.1}},
)
class EBGAN(TwoPlayer[EBGANConfig]):
    """The discriminator is an auto-encoder whose error is an energy: low on data, at least a margin on samples."""

    Config = EBGANConfig
    kinds = ("image", "points")
    min_side = 8
    compares = True

    def build(self) -> None:
        spec, config = self.spec, self.config
        self.generator = generator_for(spec, config.latent, config.width, config.widths)
        self.discriminator = AutoEncoder(spec, config)

    def energy(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """D(x) = ||Dec(Enc(x)) - x||^2 (equation 3) as a mean over the numbers of x, (B,), and Enc(x)."""
        again, code = self.discriminator(x)
        return squared_error(x, again), code

    def realness(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return -self.energy(x)[0].flatten()

    def discriminator_objective(self, batch: Batch) -> Losses:
        """Equation 1: D(x) + [m - D(G(z))]^+."""
        with torch.no_grad():
            fake = self.generator(self.prior(batch.noise))
        real, fake = self.energy(batch.x)[0], self.energy(fake)[0]
        return {"loss": discriminator_margin(real, fake, self.config.margin), "real": real.mean(), "fake": fake.mean()}

    def generator_objective(self, batch: Batch) -> Losses:
        """Equation 2: D(G(z)); EBGAN-PT adds the pulling-away term (section 2.4)."""
        energy, code = self.energy(self.generator(self.prior(batch.noise)))
        together = pulling_away(whole_batch(code))
        loss = energy.mean() + self.config.pulling_away * together
        return {"loss": loss, "energy": energy.mean(), "together": together}
