"""Generative moment matching network.

Yujia Li, Kevin Swersky, Richard Zemel: Generative Moment Matching Networks. ICML 2015, arXiv 1502.02761.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor, nn

from saddlepoint import config
from saddlepoint.catalogue import Paper, register
from saddlepoint.distributed import whole_batch
from saddlepoint.families import FromLatent, LatentConfig
from saddlepoint.networks.mlp import ToExamples, mlp
from saddlepoint.objectives.kernels import gaussians, mmd2_biased, root
from saddlepoint.recipe import Player, Update
from saddlepoint.types import Batch, Losses


class GMMNConfig(LatentConfig):
    latent: int = Field(10, ge=1)
    """Dimensions of z, uniform on [-1, 1]."""
    widths: Annotated[tuple[int, ...], config.Positive] = (64, 256, 256, 1024)
    """Units in the hidden layers."""
    scales: Annotated[tuple[float, ...], config.Positive, Field(min_length=1)] = (2.0, 5.0, 10.0, 20.0, 40.0, 80.0)
    """Bandwidths of the kernels exp(-d² / (2 scale)); images are compared on [0, 1], points as they are."""
    lr: float = Field(1e-3, gt=0)
    """Adam's learning rate."""
    betas: Annotated[tuple[float, float], config.Decays] = (0.9, 0.999)
    """Adam's decay rates."""


@register(
    "gmmn",
    paper=Paper(
        title="Generative Moment Matching Networks",
        authors="Li, Yujia and Swersky, Kevin and Zemel, Richard",
        year=2015,
        venue="ICML",
        arxiv="1502.02761",
    ),
    group="moments",
)
class GMMN(FromLatent[GMMNConfig]):
    """No discriminator: a generator lowers the maximum mean discrepancy of its samples under a fixed kernel."""

    Config = GMMNConfig
    kinds = ("image", "points")
    z_prior = "uniform"
    compares: ClassVar[bool] = True

    def build(self) -> None:
        config, spec = self.config, self.spec
        self.generator = nn.Sequential(mlp(config.latent, config.widths, spec.dimensions), ToExamples(spec))
        self.kernel = gaussians(config.scales)

    def players(self) -> dict[str, Player]:
        return {"generator": Player(modules=(self.generator,), lr=self.config.lr, betas=self.config.betas)}

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        update("generator", self.objective, next(batches))

    def objective(self, batch: Batch) -> Losses:
        """sqrt(MMD²): equation 2, and section 3's root, whose gradient does not fade as the two come near."""
        x, y = (whole_batch(self.compared(rows)) for rows in (batch.x, self.generate(self.prior(batch.noise))))
        mmd2 = mmd2_biased(x, y, self.kernel)
        return {"loss": root(mmd2), "mmd2": mmd2}

    def compared(self, x: Tensor) -> Tensor:
        """Pixels as the paper has them, in [0, 1]."""
        return (x + 1) / 2 if self.spec.kind == "image" else x

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.generator(z)
