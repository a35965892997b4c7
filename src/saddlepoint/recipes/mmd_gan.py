"""MMD GAN.

Chun-Liang Li, Wei-Cheng Chang, Yu Cheng, Yiming Yang, Barnabás Póczos: MMD GAN: Towards Deeper Understanding of Moment
Matching Network. NeurIPS 2017, arXiv 1705.08584.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from saddlepoint.catalogue import Paper, register
from saddlepoint.config import Decays, Positive
from saddlepoint.distributed import whole_batch
from saddlepoint.families import FromLatent, PairConfig
from saddlepoint.networks.pair import discriminator_for, generator_for
from saddlepoint.objectives.kernels import gaussians, mmd2_biased, root
from saddlepoint.recipe import Player, Update
from saddlepoint.types import Batch, Losses


class MMDGANConfig(PairConfig):
    lr: float = Field(5e-5, gt=0)
    """Learning rate of both players."""
    betas: Annotated[tuple[float, float], Decays] = (0.0, 0.99)
    """The second is RMSProp's decay rate; it has no first."""
    d_steps: int = Field(5, ge=1)
    """Critic updates for each generator update (n_c)."""
    long_d_steps: int = Field(100, ge=1)
    """Critic updates before each of the first 25 generator updates and every 500th, as the authors' code has them."""
    code: int = Field(100, ge=1)
    """Dimensions of f(x), in which samples are compared."""
    scales: Annotated[tuple[float, ...], Positive, Field(min_length=1)] = (1.0, 2.0, 4.0, 8.0, 16.0)
    """Bandwidths sigma of the kernels exp(-d² / (2 sigma²))."""
    clip: float = Field(0.01, gt=0)
    """Largest size of each of the encoder's weights (c)."""
    reconstruction: float = Field(8.0, ge=0)
    """Weight of the auto-encoder's squared error, on data and on samples alike (lambda)."""
    feasible: float = Field(16.0, ge=0)
    """Weight of the feasible set's penalty."""


@register(
    "mmd_gan",
    paper=Paper(
        title="MMD GAN: Towards Deeper Understanding of Moment Matching Network",
        authors="Li, Chun-Liang and Chang, Wei-Cheng and Cheng, Yu and Yang, Yiming and Póczos, Barnabás",
        year=2017,
        venue="NeurIPS",
        arxiv="1705.08584",
    ),
    group="moments",
)
class MMDGAN(FromLatent[MMDGANConfig]):
    """Moment matching under a kernel that is learned: the critic is an auto-encoder whose code the kernel compares."""

    Config = MMDGANConfig
    kinds = ("image", "points")
    min_side = 8
    compares: ClassVar[bool] = True

    def build(self) -> None:
        config, sizes = self.config, (self.config.width, self.config.widths)
        self.generator = generator_for(self.spec, config.latent, *sizes)
        self.encoder = discriminator_for(self.spec, *sizes, outputs=config.code)
        self.decoder = generator_for(self.spec, config.code, *sizes)
        self.kernel = gaussians([sigma**2 for sigma in config.scales])

    def players(self) -> dict[str, Player]:
        lr, betas = self.config.lr, self.config.betas
        return {
            "discriminator": Player(modules=(self.encoder, self.decoder), lr=lr, betas=betas, optimizer="rmsprop"),
            "generator": Player(modules=(self.generator,), lr=lr, betas=betas, optimizer="rmsprop"),
        }

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        """Algorithm 1; the decoder's weights are free."""
        for _ in range(self.config.long_d_steps if t < 25 or t % 500 == 0 else self.config.d_steps):
            update("discriminator", self.discriminator_objective, next(batches))
            with torch.no_grad():
                for weight in self.encoder.parameters():
                    weight.clamp_(-self.config.clip, self.config.clip)
        update("generator", self.generator_objective, next(batches))

    def discrepancy(self, code: Tensor, fake_code: Tensor) -> tuple[Tensor, Tensor]:
        """sqrt(MMD²) of two batches of codes, and the mean over dimensions of [E f(G(z)) - E f(x)]_+, which is 0 in
        the feasible set (section 4)."""
        real, made = whole_batch(code.float()), whole_batch(fake_code.float())
        return root(mmd2_biased(real, made, self.kernel)), (made.mean(0) - real.mean(0)).relu().mean()

    def discriminator_objective(self, batch: Batch) -> Losses:
        """Equation 5: raise MMD over feasible f, and keep f injective by reconstructing data and samples from it."""
        with torch.no_grad():
            fake = self.generator(self.prior(batch.noise))
        code, fake_code = self.encoder(batch.x), self.encoder(fake)
        mmd, infeasible = self.discrepancy(code, fake_code)
        error = (self.decoder(code) - batch.x).float().square().mean()
        error = error + (self.decoder(fake_code) - fake).float().square().mean()
        loss = self.config.reconstruction * error + self.config.feasible * infeasible - mmd
        return {"loss": loss, "mmd": mmd, "infeasible": infeasible, "reconstruction": error}

    def generator_objective(self, batch: Batch) -> Losses:
        """Lower MMD; the feasible set limits what f may be, and a generator is not to be paid for leaving it."""
        fake = self.generator(self.prior(batch.noise))
        return {"loss": self.discrepancy(self.encoder(batch.x), self.encoder(fake))[0]}

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.generator(z)
