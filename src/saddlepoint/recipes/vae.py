"""Kingma & Welling 2014, "Auto-Encoding Variational Bayes" (arXiv 1312.6114)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from saddlepoint import config
from saddlepoint.catalogue import Paper, register
from saddlepoint.distributions import DiagonalNormal
from saddlepoint.errors import UserError
from saddlepoint.networks.vae import conv_decoder, conv_encoder, dense_decoder, dense_encoder
from saddlepoint.objectives.divergences import kl_to_standard_normal
from saddlepoint.objectives.likelihoods import Measure, bernoulli, discretised_logistic
from saddlepoint.recipe import Player, Recipe, Update
from saddlepoint.types import Batch, Losses, Noise


class VAEConfig(config.Config):
    network: Literal["auto", "dense", "conv"] = "auto"
    """Encoder and decoder: one hidden layer as in the paper, or convolutions. auto: conv for images."""
    likelihood: Literal["auto", "bernoulli", "gaussian", "discretised_logistic"] = "auto"
    """p(x|z): black and white pixels, real values, or 256 grey levels. auto: discretised_logistic for images."""
    std: float = Field(0.0, ge=0)
    """Standard deviation of the gaussian likelihood on the [-1, 1] scale; 0: learned, one for each value."""
    latent: int = Field(20, ge=1)
    """Dimensions of z."""
    hidden: int = Field(500, ge=1)
    """Units in the hidden layer of the dense networks."""
    channels: int = Field(32, ge=1)
    """Channels after the first convolution; they double with each halving of the image, up to 8 times."""
    lr: float = Field(1e-3, gt=0)
    """Adam's learning rate."""


MIN_LOG_SCALE = {"gaussian": -5.5, "discretised_logistic": -7.0}
"""Learned scales stay above half a grey level (1/255), below which a density rewards constant pixels without bound;
a discretised logistic has no such reward, and its floor (PixelCNN++'s) only guards against overflow."""


@register(
    "vae",
    group="variational",
    paper=Paper(
        title="Auto-Encoding Variational Bayes",
        authors="Kingma, Diederik P. and Welling, Max",
        year=2014,
        venue="International Conference on Learning Representations",
        arxiv="1312.6114",
    ),
)
class VAE(Recipe[VAEConfig]):
    """Variational autoencoder: an encoder and a decoder that raise one lower bound on the likelihood."""

    Config = VAEConfig
    kinds = ("image", "points")
    averaged = ("encoder", "decoder")

    def build(self) -> None:
        config, spec, image = self.config, self.spec, self.spec.kind == "image"
        network = {"auto": "conv" if image else "dense"}.get(config.network, config.network)
        self.likelihood = {"auto": "discretised_logistic" if image else "gaussian"}.get(
            config.likelihood, config.likelihood
        )
        if not image and network == "conv":
            raise UserError(f"network=conv needs images, and this is {spec}: network=dense takes it.")
        if not image and self.likelihood != "gaussian":
            raise UserError(f"likelihood={self.likelihood} needs images, and this is {spec}: gaussian takes it.")
        if config.std and self.likelihood != "gaussian":
            raise UserError(f"std={config.std} belongs to likelihood=gaussian, and this is {self.likelihood}.")
        heads = 1 if self.likelihood == "bernoulli" or config.std else 2  # mean alone, or mean and log-scale
        if network == "conv":
            self.encoder = conv_encoder(spec.shape, config.channels, 2 * config.latent)
            self.decoder = conv_decoder(spec.shape, config.channels, config.latent, heads)
        else:
            self.encoder = dense_encoder(spec.shape, config.hidden, 2 * config.latent)
            self.decoder = dense_decoder(spec.shape, config.hidden, config.latent, heads)

    def players(self) -> dict[str, Player]:
        return {"vae": Player(modules=(self.encoder, self.decoder), lr=self.config.lr)}

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        update("vae", self.objective, next(batches))

    def objective(self, batch: Batch) -> Losses:
        """-ELBO (eq. 3) with one sample of z and the KL in closed form (eq. 7), in nats per example."""
        log_likelihood, kl = self.terms(batch.x, batch.noise)
        return {"loss": (kl - log_likelihood).mean(), "reconstruction": -log_likelihood.mean(), "kl": kl.mean()}

    def terms(self, x: Tensor, noise: Noise) -> tuple[Tensor, Tensor]:
        """log p(x|z) for one z ~ q(z|x), and KL(q(z|x) || p(z)): each (B,), in nats."""
        q = self.posterior(x)
        return self.log_likelihood(x, q.sample(noise.normal(self.config.latent))), kl_to_standard_normal(q)

    def posterior(self, x: Tensor) -> DiagonalNormal:
        """q(z|x)."""
        mean, log_std = self.encoder(x).float().chunk(2, dim=1)
        return DiagonalNormal(mean, log_std)

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """log p(x|z) in nats, (B,), with respect to `measure`."""
        output = self.decoder(z).float()
        if self.likelihood == "bernoulli":
            return bernoulli(x, output)
        if self.config.std:
            return DiagonalNormal(output, torch.full_like(output, self.config.std).log()).log_prob(x)
        mean, raw = output.chunk(2, dim=1)
        floor = MIN_LOG_SCALE[self.likelihood]
        log_scale = floor + F.softplus(raw - floor)
        if self.likelihood == "gaussian":
            return DiagonalNormal(mean, log_scale).log_prob(x)
        return discretised_logistic(x, mean, log_scale)

    @property
    def measure(self) -> Measure:
        """What `elbo` bounds: the log of a probability of 256-level or of binary images, or of a density."""
        measures: dict[str, Measure] = {"bernoulli": "binary", "gaussian": "density", "discretised_logistic": "levels"}
        return measures[self.likelihood]

    def elbo(self, x: Tensor, noise: Noise, y: Tensor | None = None) -> Tensor:
        log_likelihood, kl = self.terms(x, noise)
        return log_likelihood - kl

    def encode(self, x: Tensor) -> Tensor:
        return self.posterior(x).mean

    def prior(self, noise: Noise) -> Tensor:
        return noise.normal(self.config.latent)

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """The mean of p(x|z); images in [-1, 1]."""
        output = self.decoder(z).float()
        if self.likelihood == "bernoulli":
            return 2 * output.sigmoid() - 1
        mean = output if self.config.std else output.chunk(2, dim=1)[0]
        return mean.clamp(-1, 1) if self.spec.kind == "image" else mean

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        return self.generate(self.prior(noise), y)
