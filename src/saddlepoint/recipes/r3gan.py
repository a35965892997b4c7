"""Huang, Gokaslan, Kuleshov & Tompkin 2024, "The GAN is dead; long live the GAN!" (arXiv 2501.05441).

Written from memory of the paper, whose full text was not at hand, so not verified against it: docs/recipes/r3gan.md
says what supports it. Its authors' code was not consulted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from saddlepoint import config
from saddlepoint.catalogue import Paper, register
from saddlepoint.errors import UserError
from saddlepoint.families import FromLatent, LatentConfig
from saddlepoint.networks.pair import MLPDiscriminator, MLPGenerator
from saddlepoint.networks.r3gan import Discriminator, Generator, Shape
from saddlepoint.objectives.adversarial import relativistic_pairing_discriminator, relativistic_pairing_generator
from saddlepoint.objectives.piecewise_linear import scores_and_slopes
from saddlepoint.recipe import Player, Update, cosine
from saddlepoint.types import Batch, DataSpec, Losses


class R3GANConfig(LatentConfig):
    width: int = Field(768, ge=1)
    """Images: channels of the smallest resolutions; each larger one has half of the one before."""
    full_width: int = Field(4, ge=1)
    """How many of the smallest resolutions those are. Less than the paper's 4 saves most where an image is small: a
    step at width=128, full_width=1 costs no more on 28x28 pixels than one at width=32."""
    blocks: int = Field(2, ge=1)
    """Residual blocks at each resolution."""
    expansion: int = Field(2, ge=1)
    """Channels of a block's 3x3 convolution for each channel outside."""
    group: int = Field(16, ge=1)
    """Channels in a group of the 3x3 convolutions."""
    widths: Annotated[tuple[int, ...], config.Positive] = (512, 512, 512)
    """Points: units in the hidden layers of both networks."""
    latent: int = Field(64, ge=1)
    """Dimensions of z."""
    gamma: tuple[float, float] | None = None
    """Weight of R1 and R2, at first and after the burn-in; by default the paper's for images of this size, and 1 then
    0.01 for points."""
    lr: Annotated[tuple[float, float] | None, config.Positive] = None
    """Learning rates at first and after the burn-in; by default the paper's, higher for small widths."""
    beta2: Annotated[tuple[float, float], config.Decays] = (0.9, 0.99)
    """Adam's second decay rate, at first and after the burn-in; the first decay rate is 0."""
    burn_in: int = Field(20_000_000, ge=0)
    """Images over which gamma, lr and beta2 go along half a cosine from their first value to their last."""


POINTS = (1.0, 0.01)
"""gamma for points, which the paper does not have. On the 25 Gaussians 0.02 from the start lost two in 6,000 steps;
falling to 0.1 left a mode up to 0.19 beside its place after 20,000, to 0.01 up to 0.11 (ten seeds each)."""


def usual_lr(width: int) -> tuple[float, float]:
    """The paper's 2e-4, then 5e-5, at its width of 768; for others as 1 / width (Adam's rule of Yang et al. 2021, arXiv
    2203.03466), at most tenfold. A width of 32 came three times nearer to the digits in 730 steps than at 2e-4."""
    factor = min(768 / width, 10)
    return 2e-4 * factor, 5e-5 * factor


def usual_gamma(spec: DataSpec) -> tuple[float, float]:
    """The paper's gamma for CIFAR-10 (32 pixels: 0.05), FFHQ-64 (2) and FFHQ-256 (150), on straight lines between
    their logarithms for other sizes, never below the first; a tenth of it after the burn-in. For points, which it does
    not have, POINTS."""
    if spec.kind == "points":
        return POINTS
    side = math.sqrt(spec.shape[1] * spec.shape[2])
    gamma = 0.05 * (side / 32) ** math.log2(2 / 0.05) if side < 64 else 2 * (side / 64) ** math.log(150 / 2, 4)
    return max(gamma, 0.05), max(gamma, 0.05) / 10


@register(
    "r3gan",
    group="network",
    paper=Paper(
        title="The GAN is dead; long live the GAN! A Modern GAN Baseline",
        authors="Huang, Yiwen and Gokaslan, Aaron and Kuleshov, Volodymyr and Tompkin, James",
        year=2024,
        venue="Advances in Neural Information Processing Systems",
        arxiv="2501.05441",
    ),
    presets={"r3gan_small": {"width": 64}, "r3gan_tiny": {"width": 32, "blocks": 1}},
)
class R3GAN(FromLatent[R3GANConfig]):
    """Relativistic pairing loss with R1 and R2 on plain modern residual networks: the strong default."""

    Config = R3GANConfig
    kinds = ("image", "points")
    min_side = 8

    def build(self) -> None:
        config = self.config
        start, end = config.gamma or usual_gamma(self.spec)
        self.gamma = cosine(start, end, config.burn_in)
        if self.spec.kind == "points":
            self.width = max(config.widths, default=1)
            self.generator = MLPGenerator(config.latent, self.spec, config.widths)
            self.discriminator = MLPDiscriminator(self.spec, config.widths, output_bias=False)
            return
        if config.width % config.group:
            raise UserError(f"width={config.width} is not a multiple of group={config.group}, and it has to be.")
        self.width = config.width
        shape = Shape(**{part.name: getattr(config, part.name) for part in fields(Shape)})
        self.generator = Generator(self.spec.shape, config.latent, shape)
        self.discriminator = Discriminator(self.spec.shape, shape)

    def players(self) -> dict[str, Player]:
        lr = cosine(*(self.config.lr or usual_lr(self.width)), self.config.burn_in)
        betas = (0.0, cosine(*self.config.beta2, self.config.burn_in))
        return {
            "discriminator": Player(modules=(self.discriminator,), lr=lr, betas=betas),
            "generator": Player(modules=(self.generator,), lr=lr, betas=betas),
        }

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        update("discriminator", self.discriminator_objective, next(batches))
        update("generator", self.generator_objective, next(batches))

    def discriminator_objective(self, batch: Batch) -> Losses:
        """E softplus(-(D(x) - D(G(z)))) (equation 2) + gamma / 2 (R1 on real + R2 on generated images)."""
        with torch.no_grad():
            fakes = self.generate(self.prior(batch.noise))
        real, r1 = scores_and_slopes(self.discriminator, batch.x)
        fake, r2 = scores_and_slopes(self.discriminator, fakes)
        adversarial = relativistic_pairing_discriminator(real, fake)
        loss = adversarial + self.gamma(self.images_seen) / 2 * (r1 + r2).mean()
        margin = (real - fake).float().mean()
        return {"loss": loss, "adversarial": adversarial, "r1": r1.mean(), "r2": r2.mean(), "margin": margin}

    def generator_objective(self, batch: Batch) -> Losses:
        """E softplus(-(D(G(z)) - D(x))): equation 2 with the roles exchanged."""
        with torch.no_grad():  # D(x) holds no parameter of G
            real = self.discriminator(batch.x)
        fake = self.discriminator(self.generate(self.prior(batch.noise)))
        return {"loss": relativistic_pairing_generator(real, fake)}

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.generator(z)

    def realness(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self.discriminator(x).float().flatten()
