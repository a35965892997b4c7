"""Autoencoding GAN.

Conor Lazarou: Autoencoding Generative Adversarial Networks. 2020, arXiv 2004.05472.

The weights are from memory of the paper, not verified against it.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from saddlepoint.catalogue import Paper, register
from saddlepoint.families import PairConfig, TwoPlayer
from saddlepoint.networks.mlp import mlp
from saddlepoint.networks.pair import discriminator_for, generator_for
from saddlepoint.objectives.adversarial import discriminator_minimax, generator_nonsaturating
from saddlepoint.recipe import Player
from saddlepoint.types import Batch, Losses


class AEGANConfig(PairConfig):
    latent: int = Field(16, ge=1)
    """Dimensions of z."""
    hidden: int = Field(256, ge=1)
    """Units in each of the two hidden layers of the latents' discriminator."""
    image_weight: float = Field(1.0, ge=0)
    """Weight of |x - G(E(x))|."""
    latent_weight: float = Field(0.5, ge=0)
    """Weight of (z - E(G(z)))²."""
    image_game: float = Field(0.005, ge=0)
    """Weight of deceiving the examples' discriminator."""
    latent_game: float = Field(0.1, ge=0)
    """Weight of deceiving the latents' discriminator."""


@register(
    "aegan",
    paper=Paper(
        title="Autoencoding Generative Adversarial Networks",
        authors="Lazarou, Conor",
        year=2020,
        arxiv="2004.05472",
    ),
    group="inference",
)
class AEGAN(TwoPlayer[AEGANConfig]):
    """Four networks learn a bijection: samples and latents are each judged, and each must survive the round trip."""

    Config = AEGANConfig
    kinds = ("image", "points")
    min_side = 8
    averaged = ("generator", "encoder")

    def build(self) -> None:
        spec, config = self.spec, self.config
        self.generator = generator_for(spec, config.latent, config.width, config.widths)
        self.encoder = discriminator_for(spec, config.width, config.widths, outputs=config.latent)
        self.discriminator = discriminator_for(spec, config.width, config.widths)
        self.latent_discriminator = mlp(config.latent, (config.hidden, config.hidden), 1)

    def players(self) -> dict[str, Player]:
        lr, betas = self.config.lr, self.config.betas
        sides = {
            "discriminator": (self.discriminator, self.latent_discriminator),
            "generator": (self.generator, self.encoder),
        }
        return {name: Player(modules=modules, lr=lr, betas=betas) for name, modules in sides.items()}

    def encode(self, x: Tensor) -> Tensor:
        return self.encoder(x)

    def discriminator_objective(self, batch: Batch) -> Losses:
        """D_x tells x from G(z) and from G(E(x)), D_z tells z from E(x) and from E(G(z)): four of the eight parts."""
        z = self.prior(batch.noise)
        with torch.no_grad():
            images, latents = self._made(batch.x, z)
        d_real, z_real = self.discriminator(batch.x), self.latent_discriminator(z)
        of_images = torch.stack([discriminator_minimax(d_real, self.discriminator(x)) for x in images]).mean()
        of_latents = torch.stack([discriminator_minimax(z_real, self.latent_discriminator(c)) for c in latents]).mean()
        return {"loss": of_images + of_latents, "images": of_images, "latents": of_latents}

    def generator_objective(self, batch: Batch) -> Losses:
        """G and E deceive D_x and D_z with both, and make both round trips short."""
        c, z = self.config, self.prior(batch.noise)
        images, latents = self._made(batch.x, z)
        x_error = (batch.x - images[1]).float().abs().mean()
        z_error = (z - latents[1]).float().square().mean()
        of_images = torch.stack([generator_nonsaturating(self.discriminator(x)) for x in images]).sum()
        of_latents = torch.stack([generator_nonsaturating(self.latent_discriminator(code)) for code in latents]).sum()
        trips = c.image_weight * x_error + c.latent_weight * z_error
        loss = trips + c.image_game * of_images + c.latent_game * of_latents
        return {"loss": loss, "reconstruction": x_error, "latent_reconstruction": z_error, "images": of_images}

    def _made(self, x: Tensor, z: Tensor) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """(G(z), G(E(x))) and (E(x), E(G(z)))."""
        fake, code = self.generator(z), self.encoder(x)
        return (fake, self.generator(code)), (code, self.encoder(fake))
