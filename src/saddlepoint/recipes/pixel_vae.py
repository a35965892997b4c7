"""PixelVAE.

Ishaan Gulrajani, Kundan Kumar, Faruk Ahmed, Adrien Ali Taiga, Francesco Visin, David Vazquez, Aaron Courville:
PixelVAE: A Latent Variable Model for Natural Images. ICLR 2017, arXiv 1611.05013.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from pydantic import Field
from torch import Tensor

from saddlepoint.catalogue import Paper, register
from saddlepoint.distributions import DiagonalNormal, Levels, standard_normal_log_prob
from saddlepoint.families import FromLatent, LatentConfig
from saddlepoint.families.autoregressive import raster
from saddlepoint.networks.gated_pixel_cnn import GatedPixelCNN, Reader
from saddlepoint.networks.vae import conv_decoder, conv_encoder
from saddlepoint.objectives.divergences import kl_to_standard_normal
from saddlepoint.objectives.likelihoods import Measure
from saddlepoint.recipe import Player, Update
from saddlepoint.types import Batch, Losses, Noise


class PixelVAEConfig(LatentConfig):
    latent: int = Field(64, ge=1)
    """Dimensions of z."""
    channels: int = Field(32, ge=1)
    """Channels after the encoder's first convolution; they double with each halving, up to 8 times."""
    features: int = Field(32, ge=1)
    """Features that the decoder makes of z for each pixel."""
    width: int = Field(32, ge=1)
    """Features of the PixelCNN's two stacks. Rounded up to a multiple of the image's channels."""
    layers: int = Field(4, ge=1)
    """Gated layers of the PixelCNN. The fewer, the more is left to z."""
    lr: float = Field(1e-3, gt=0)
    """Adam's learning rate."""
    kl_warmup: int = Field(0, ge=0)
    """Images over which the KL's weight in the loss rises from 0 to 1, in a straight line. 0: it is 1 throughout."""


@register(
    "pixel_vae",
    group="variational",
    paper=Paper(
        title="PixelVAE: A Latent Variable Model for Natural Images",
        authors="Gulrajani, Ishaan and Kumar, Kundan and Ahmed, Faruk and Taiga, Adrien Ali and Visin, Francesco and "
        "Vazquez, David and Courville, Aaron",
        year=2017,
        venue="International Conference on Learning Representations",
        arxiv="1611.05013",
    ),
)
class PixelVAE(FromLatent[PixelVAEConfig]):
    """A VAE whose decoder is a PixelCNN: z says what the picture is of, pixels given one another how it looks."""

    Config = PixelVAEConfig
    averaged = ("encoder", "decoder", "network")

    def build(self) -> None:
        config, shape = self.config, self.spec.shape
        self.encoder = conv_encoder(shape, config.channels, 2 * config.latent)
        self.decoder = conv_decoder((1, *shape[1:]), config.channels, config.latent, config.features)
        self.network = GatedPixelCNN(
            shape, self.spec.levels, layers=config.layers, width=config.width, context=config.features
        )

    def players(self) -> dict[str, Player]:
        return {"vae": Player(modules=(self.encoder, self.decoder, self.network), lr=self.config.lr)}

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        update("vae", self.objective, next(batches))

    def objective(self, batch: Batch) -> Losses:
        """-ELBO in nats per example (section 3.1), with one sample of z; in the warm-up its KL counts for less."""
        log_likelihood, kl = self.terms(batch.x, batch.noise)
        loss = (self.kl_weight * kl - log_likelihood).mean()
        return {"loss": loss, "reconstruction": -log_likelihood.mean(), "kl": kl.mean()}

    @property
    def kl_weight(self) -> float:
        warmup = self.config.kl_warmup
        return min(self.images_seen / warmup, 1.0) if warmup else 1.0

    def terms(self, x: Tensor, noise: Noise) -> tuple[Tensor, Tensor]:
        """log p(x|z) for one z ~ q(z|x), and KL(q(z|x) || p(z)): each (B,), in nats."""
        q = self.posterior(x)
        return self.log_likelihood(x, q.sample(noise.normal(self.config.latent))), kl_to_standard_normal(q)

    def posterior(self, x: Tensor) -> DiagonalNormal:
        """q(z|x)."""
        mean, log_std = self.encoder(x).float().chunk(2, dim=1)
        return DiagonalNormal(mean, log_std)

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """log p(x|z) in nats, (B,): the sum over pixels of log p(x_i | x_<i, z)."""
        return Levels(self.network(x, self.decoder(z))).log_prob(x)

    @property
    def measure(self) -> Measure:
        return "binary" if self.spec.levels == 2 else "levels"

    def elbo(self, x: Tensor, noise: Noise, y: Tensor | None = None) -> Tensor:
        log_likelihood, kl = self.terms(x, noise)
        return log_likelihood - kl

    def log_weights(self, x: Tensor, noise: Noise, k: int, y: Tensor | None = None) -> Tensor:
        q = self.posterior(x)
        z = q.sample(noise.normal(k, self.config.latent).transpose(0, 1))
        log_likelihood = self.log_likelihood(x.repeat(k, 1, 1, 1), z.flatten(0, 1)).view(k, len(x))
        return log_likelihood + standard_normal_log_prob(z) - q.log_prob(z)

    def encode(self, x: Tensor) -> Tensor:
        return self.posterior(x).mean

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Pixels drawn given z by the same uniform numbers for every z, so that images differ by z alone."""
        uniform = Noise("pixels", rows=1, device=z.device, draw_on="cpu").uniform(*self.spec.shape)
        return self.paint(z, uniform.expand(len(z), -1, -1, -1))

    def paint(self, z: Tensor, uniform: Tensor) -> Tensor:
        """x ~ p(x|z), (B, C, H, W), pixel by pixel, from uniform numbers of its shape."""
        read = Reader(self.network, self.decoder(z))
        blank = torch.zeros_like(uniform)
        return raster(lambda x, i, j: Levels(read(x, i, j)), blank, uniform, tell=self.tell)

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        return self.paint(self.prior(noise), noise.uniform(*self.spec.shape))
