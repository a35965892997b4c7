"""VQ-VAE.

Aaron van den Oord, Oriol Vinyals, Koray Kavukcuoglu: Neural Discrete Representation Learning. NeurIPS 2017,
arXiv 1711.00937.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from saddlepoint import config
from saddlepoint.catalogue import Paper, register
from saddlepoint.distributed import whole_batch
from saddlepoint.networks.code_prior import CodePrior
from saddlepoint.networks.codebook import Codebook, straight_through
from saddlepoint.networks.residual import quarter, residual_decoder, residual_encoder
from saddlepoint.objectives.likelihoods import Measure
from saddlepoint.objectives.observation import Observation
from saddlepoint.priors import Slice
from saddlepoint.recipe import Player, Recipe, Update
from saddlepoint.types import Batch, Losses, Noise


class VQVAEConfig(config.Config):
    codes: int = Field(512, ge=2)
    """Vectors in the codebook (K)."""
    code: int = Field(64, ge=1)
    """Numbers in a vector of the codebook (D)."""
    channels: int = Field(256, ge=1)
    """Channels of the encoder's and the decoder's hidden layers."""
    commitment: float = Field(0.25, ge=0)
    """Weight of the distance from the encoder's outputs to their codes (beta)."""
    gamma: float = Field(0.99, ge=0, lt=1)
    """Share of a code's running mean that each step keeps (gamma)."""
    revive: float = Field(0.03, ge=0, le=1)
    """A code used less than so many times the mean code's use moves to a random encoder output; 0: it stays."""
    prior_channels: int = Field(64, ge=1)
    """Channels of the prior over codes."""
    prior_layers: int = Field(3, ge=1)
    """Pairs of gated layers in the prior, on the way in; one fewer than twice as many in all."""
    lr: float = Field(2e-4, gt=0)
    """Adam's learning rate, of the auto-encoder and of the prior."""


@register(
    "vq_vae",
    group="variational",
    paper=Paper(
        title="Neural Discrete Representation Learning",
        authors="van den Oord, Aaron and Vinyals, Oriol and Kavukcuoglu, Koray",
        year=2017,
        venue="NeurIPS",
        arxiv="1711.00937",
    ),
)
class VQVAE(Recipe[VQVAEConfig]):
    """An auto-encoder whose code is a map of words from a learned codebook, and a prior that writes such maps."""

    Config = VQVAEConfig
    min_side = 4
    averaged = ("encoder", "decoder", "codebook", "prior_network")

    def build(self) -> None:
        config, shape = self.config, self.spec.shape
        self.observation = Observation(kind="bernoulli" if self.spec.levels == 2 else "discretised_logistic")
        self.encoder = residual_encoder(shape, config.channels, config.code)
        self.decoder = residual_decoder(shape, config.channels, config.code, self.observation.heads)
        self.codebook = Codebook(config.codes, config.code)
        self.prior_network = CodePrior(config.codes, config.prior_channels, config.prior_layers)

    def players(self) -> dict[str, Player]:
        return {
            "autoencoder": Player(modules=(self.encoder, self.decoder), lr=self.config.lr),
            "prior": Player(modules=(self.prior_network,), lr=self.config.lr),
        }

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        batch = next(batches)
        self.move_codebook(batch)
        update("autoencoder", self.autoencoder_objective, batch)
        update("prior", self.prior_objective, batch)

    @torch.no_grad()
    def move_codebook(self, batch: Batch) -> None:
        noise = Noise(*batch.noise.key, "revive", rows=1, device=batch.x.device)
        z = whole_batch(self.encoder(batch.x).float())
        self.codebook.follow(z, noise, decay=self.config.gamma, revive=self.config.revive)

    def autoencoder_objective(self, batch: Batch) -> Losses:
        """Equation 3 without its second term, which `move_codebook` stands for; each term per number it sums over."""
        z = self.encoder(batch.x).float()
        quantised = self.codebook.embed(self.codebook.nearest(z))
        log_likelihood = self.log_likelihood(batch.x, straight_through(z, quantised))
        commitment = F.mse_loss(z, quantised)
        loss = self.config.commitment * commitment - log_likelihood.mean() / self.spec.dimensions
        perplexity = self.codebook.perplexity()
        return {
            "loss": loss,
            "reconstruction": -log_likelihood.mean(),
            "commitment": commitment,
            "perplexity": perplexity,
        }

    def prior_objective(self, batch: Batch) -> Losses:
        """-log p(codes) in nats per example, of codes that the auto-encoder now gives (section 3.3)."""
        return {"loss": -self.prior_network.log_prob(self.codes(batch.x)).mean()}

    @torch.no_grad()
    def codes(self, x: Tensor) -> Tensor:
        """The code at each place of the map: (B, C, H, W) -> (B, H // 4, W // 4), int64."""
        return self.codebook.nearest(self.encoder(x))

    def log_likelihood(self, x: Tensor, quantised: Tensor) -> Tensor:
        """log p(x|z_q) in nats, (B,), with respect to `measure`."""
        return self.observation.log_prob(x, self.decoder(quantised))

    @property
    def measure(self) -> Measure:
        return self.observation.measure

    def elbo(self, x: Tensor, noise: Noise, y: Tensor | None = None) -> Tensor:
        """log p(x|z_q) + log p(z_q): the bound of a posterior that is sure of its code, and has no entropy."""
        codes = self.codes(x)
        return self.log_likelihood(x, self.codebook.embed(codes)) + self.prior_network.log_prob(codes)

    def encode(self, x: Tensor) -> Tensor:
        return self.codebook.embed(self.codes(x)).flatten(1)

    @property
    def slices(self) -> tuple[Slice, ...]:
        height, width = quarter(self.spec.shape)
        return (Slice(size=self.config.code * height * width, prior="learned"),)

    def prior(self, noise: Noise) -> Tensor:
        """A map of codes, one after another, as their vectors in one row: (B, D * h * w)."""
        return self.codebook.embed(self.prior_network.sample(noise.uniform(*quarter(self.spec.shape)))).flatten(1)

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """The mean of p(x|z_q), where z_q has the nearest code at each place; in [-1, 1]."""
        nearest = self.codebook.nearest(z.unflatten(1, (self.config.code, *quarter(self.spec.shape))))
        return self.observation.mean(self.decoder(self.codebook.embed(nearest)))

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        return self.generate(self.prior(noise), y)
