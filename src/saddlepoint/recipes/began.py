"""Boundary equilibrium GAN.

David Berthelot, Thomas Schumm, Luke Metz: BEGAN: Boundary Equilibrium Generative Adversarial Networks. 2017, arXiv
1703.10717.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from pydantic import Field
from torch import Tensor, nn

from saddlepoint.catalogue import Paper, register
from saddlepoint.families import PairConfig, TwoPlayer
from saddlepoint.networks.began import BEGANDecoder, BEGANEncoder
from saddlepoint.networks.pair import discriminator_for, generator_for
from saddlepoint.objectives.energy import absolute_error
from saddlepoint.objectives.inversion import invert
from saddlepoint.recipe import Update
from saddlepoint.types import Batch, Losses


class BEGANConfig(PairConfig):
    latent: int = Field(64, ge=1)
    """Dimensions of z (N_z)."""
    code: int = Field(64, ge=1)
    """Dimensions of the discriminator's code (N_h)."""
    lr: float = Field(1e-4, gt=0)
    """Learning rate of both players."""
    width: int = Field(64, ge=1)
    """Images: channels at the full size (n); the encoder has 2n, 3n, ... at the halves."""
    gamma: float = Field(0.5, gt=0, le=1)
    """Energy of samples wanted over that of data (diversity ratio): low for sharp and alike, high for diverse."""
    gain: float = Field(1e-3, gt=0)
    """How fast k follows (lambda_k)."""
    invert_steps: int = Field(300, ge=1)
    """Adam steps by which `encode` looks for the z of an image."""


@register(
    "began",
    paper=Paper(
        title="BEGAN: Boundary Equilibrium Generative Adversarial Networks",
        authors="Berthelot, David and Schumm, Thomas and Metz, Luke",
        year=2017,
        arxiv="1703.10717",
    ),
    group="objective",
)
class BEGAN(TwoPlayer[BEGANConfig]):
    """An auto-encoder tells by its errors; a controller holds those on samples at a given part of those on data."""

    Config = BEGANConfig
    z_prior = "uniform"
    kinds = ("image", "points")
    k: Tensor
    convergence: Tensor

    def build(self) -> None:
        spec, config = self.spec, self.config
        if spec.kind == "image":
            self.generator = BEGANDecoder(spec.shape, config.width, config.latent)
            encoder = BEGANEncoder(spec.shape, config.width, config.code)
            decoder = BEGANDecoder(spec.shape, config.width, config.code)
        else:
            self.generator = generator_for(spec, config.latent, config.width, config.widths)
            encoder = discriminator_for(spec, config.width, config.widths, outputs=config.code)
            decoder = generator_for(spec, config.code, config.width, config.widths[::-1])
        self.discriminator = nn.Sequential(encoder, decoder)
        self.register_buffer("k", torch.zeros(()))  # k_0 = 0
        self.register_buffer("convergence", torch.zeros(()))

    def energy(self, x: Tensor) -> Tensor:
        """L(x), (B,): equation 1 with eta = 1."""
        return absolute_error(x, self.discriminator(x))

    def realness(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return -self.energy(x).flatten()

    def discriminator_objective(self, batch: Batch) -> Losses:
        """Section 3.4: L(x) - k_t L(G(z_D)). Logged with k_t and the convergence measure of the step before."""
        with torch.no_grad():
            fake = self.generator(self.prior(batch.noise))
        real, fake = self.energy(batch.x).mean(), self.energy(fake).mean()
        return {"loss": real - self.k * fake, "real": real, "k": self.k, "convergence": self.convergence}

    def generator_objective(self, batch: Batch) -> Losses:
        """Section 3.4: L(G(z_G))."""
        return {"loss": self.energy(self.generator(self.prior(batch.noise))).mean()}

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        by_d = [
            update("discriminator", self.discriminator_objective, next(batches)) for _ in range(self.config.d_steps)
        ]
        by_g = update("generator", self.generator_objective, next(batches))
        self.balance(by_d[-1]["real"], by_g["loss"])

    def balance(self, real: Tensor, fake: Tensor) -> None:
        """k_{t+1} = k_t + lambda_k (gamma L(x) - L(G(z_G))) within [0, 1], and M = L(x) + |gamma L(x) - L(G(z_G))|."""
        short = self.config.gamma * real - fake
        self.k.add_(self.config.gain * short).clamp_(0, 1)
        self.convergence.copy_(real + short.abs())

    def encode(self, x: Tensor) -> Tensor:
        """The z whose image is nearest x, by optimisation from z = 0: (B, *shape) -> (B, latent)."""
        return invert(self.generator, x, x.new_zeros(len(x), self.config.latent), self.config.invert_steps)[0]
