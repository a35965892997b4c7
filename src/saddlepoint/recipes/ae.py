"""Hinton & Salakhutdinov 2006, "Reducing the Dimensionality of Data with Neural Networks" (Science 313)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from saddlepoint.catalogue import Paper, register
from saddlepoint.config import Config, Positive
from saddlepoint.distributed import whole_batch
from saddlepoint.errors import UserError
from saddlepoint.networks.mlp import mlp
from saddlepoint.networks.moments import Moments
from saddlepoint.networks.vae import conv_decoder, conv_encoder
from saddlepoint.priors import Slice
from saddlepoint.recipe import Player, Recipe, Update
from saddlepoint.types import Batch, Losses, Noise


class AEConfig(Config):
    network: Literal["auto", "linear", "dense", "conv"] = "auto"
    """Encoder and decoder: one matrix each, dense ReLU layers, or convolutions. auto: conv for images, else dense."""
    latent: int = Field(30, ge=1)
    """Dimensions of the code."""
    widths: Annotated[tuple[int, ...], Positive] = (1000, 500, 250)
    """network=dense: units in the encoder's hidden layers; the decoder's are their mirror."""
    channels: int = Field(32, ge=1)
    """network=conv: channels after the first convolution; they double with each halving, up to 8 times."""
    lr: float = Field(1e-3, gt=0)
    """Adam's learning rate."""


@register(
    "ae",
    group="variational",
    paper=Paper(
        title="Reducing the Dimensionality of Data with Neural Networks",
        authors="Hinton, Geoffrey E. and Salakhutdinov, Ruslan R.",
        year=2006,
        venue="Science",
    ),
)
class AE(Recipe[AEConfig]):
    """Autoencoder: a narrow code from which the example is rebuilt, with no word on how codes are distributed."""

    Config = AEConfig
    kinds = ("image", "points")
    averaged = ("encoder", "decoder")

    def build(self) -> None:
        config, spec = self.config, self.spec
        network = config.network
        if network == "auto":
            network = "conv" if spec.kind == "image" else "dense"
        if network == "conv":
            if spec.kind != "image":
                raise UserError(f"network=conv needs images, and this is {spec}: network=dense takes it.")
            self.encoder = conv_encoder(spec.shape, config.channels, config.latent)
            self.decoder = conv_decoder(spec.shape, config.channels, config.latent, heads=1)
        else:
            widths = config.widths if network == "dense" else ()
            self.encoder = nn.Sequential(nn.Flatten(), *mlp(spec.dimensions, widths, config.latent))
            back = mlp(config.latent, widths[::-1], spec.dimensions)
            self.decoder = nn.Sequential(*back, nn.Unflatten(1, spec.shape))
        self.codes = Moments(config.latent)

    def players(self) -> dict[str, Player]:
        return {"autoencoder": Player(modules=(self.encoder, self.decoder), lr=self.config.lr)}

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        update("autoencoder", self.objective, batch := next(batches))
        with torch.no_grad():
            self.codes.add(whole_batch(self.encode(batch.x)), t)

    def objective(self, batch: Batch) -> Losses:
        """Squared error between an example and what its code gives back, a number of it."""
        error = (self.decoder(self.encoder(batch.x)).float() - batch.x).square().mean()
        return {"loss": error}

    def encode(self, x: Tensor) -> Tensor:
        return self.encoder(x).float()

    @property
    def slices(self) -> tuple[Slice, ...]:
        return (Slice(size=self.config.latent, prior="learned"),)

    def prior(self, noise: Noise) -> Tensor:
        """The normal with the mean and covariance of the codes of late batches: not of the paper, which cannot draw."""
        return self.codes.normal(noise.normal(self.config.latent))

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        x = self.decoder(z).float()
        return x.clamp(-1, 1) if self.spec.kind == "image" else x

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        return self.generate(self.prior(noise), y)
