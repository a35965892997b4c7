"""M1+M2, the stacked generative semi-supervised model of Kingma et al.

Diederik P. Kingma, Danilo J. Rezende, Shakir Mohamed, Max Welling: Semi-supervised Learning with Deep Generative
Models. NeurIPS 2014, arXiv 1406.5298.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from saddlepoint.catalogue import Paper, register
from saddlepoint.config import build
from saddlepoint.distributions import DiagonalNormal
from saddlepoint.families import VariationalConfig
from saddlepoint.objectives.classes import belief
from saddlepoint.objectives.likelihoods import Measure
from saddlepoint.priors import Slice
from saddlepoint.recipe import Batches, Player, Recipe, Update
from saddlepoint.recipes.m2 import M2, M2Config
from saddlepoint.recipes.vae import VAE, VAEConfig
from saddlepoint.types import Batch, DataSpec, Noise


class M1M2Config(VariationalConfig):
    network: Literal["auto", "dense", "conv"] = "dense"
    """M1's encoder and decoder: hidden layers of tanh units, or convolutions. auto: conv for images."""
    latent: int = Field(50, ge=1)
    """Dimensions of z1, M1's code, which M2 learns from."""
    hidden: int = Field(600, ge=1)
    """Units in each hidden layer of M1's dense networks."""
    layers: int = Field(2, ge=1)
    """Hidden layers of M1's dense networks."""
    m1_steps: int = Field(50_000, ge=1)
    """Steps of M1, before M2 begins."""
    m2_latent: int = Field(50, ge=1)
    """Dimensions of z2, which holds all of z1 but the class."""
    m2_hidden: int = Field(500, ge=1)
    """Units in the hidden layer of each of M2's networks."""
    class_weight: float = Field(0.1, ge=0)
    """Weight of the known labels' cross-entropy beside an example's bound: the paper's alpha is this many times N."""


@register(
    "m1_m2",
    group="variational",
    paper=Paper(
        title="Semi-supervised Learning with Deep Generative Models",
        authors="Kingma, Diederik P. and Rezende, Danilo J. and Mohamed, Shakir and Welling, Max",
        year=2014,
        venue="NeurIPS",
        arxiv="1406.5298",
    ),
)
class M1M2(Recipe[M1M2Config]):
    """A VAE (M1), and then M2 on its codes: p(x, y, z1, z2) = p(y) p(z2) p(z1|y, z2) p(x|z1)."""

    Config = M1M2Config
    kinds = ("image", "points")
    averaged = ("m1", "m2")
    conditional = True
    takes_unlabelled = True

    def build(self) -> None:
        config = self.config
        self.m1 = VAE(self.spec, build(VAEConfig, config.model_dump(include={*VAEConfig.model_fields})))
        codes = DataSpec(kind="points", shape=(config.latent,), classes=self.spec.classes)
        own = {"latent": config.m2_latent, "hidden": config.m2_hidden}
        self.m2 = M2(codes, build(M2Config, own | {"class_weight": config.class_weight, "lr": config.lr}))
        for network in (self.m2.encoder, self.m2.decoder):
            for parameter in network.parameters():
                if parameter.ndim > 1:  # as the authors' code starts; larger weights find clusters that are no classes
                    nn.init.normal_(parameter, std=0.001)

    def players(self) -> dict[str, Player]:
        return {name: Player(modules=(getattr(self, name),), lr=self.config.lr) for name in self.averaged}

    def step(self, batches: Batches, update: Update, t: int) -> None:
        """Section 3: first M1 by itself, then M2 on samples of M1's codes."""
        batch = next(batches)
        if t < self.config.m1_steps:
            update("m1", self.m1.objective, batch)
        else:
            labelled = next(batches.labelled)
            update("m2", lambda part: self.m2.objective(self.codes(part), self.codes(labelled)), batch)

    @torch.no_grad()
    def codes(self, batch: Batch) -> Batch:
        """The batch with z1 ~ q(z1|x) for x."""
        noise = batch.noise.take(0, len(batch))
        z1 = self.posterior(batch.x).sample(noise.normal(self.config.latent))
        return replace(batch, x=z1, noise=noise)

    def posterior(self, x: Tensor) -> DiagonalNormal:
        """q(z1|x)."""
        return self.m1.posterior(x)

    def classify(self, x: Tensor) -> Tensor:
        return self.m2.classify(self.m1.encode(x))

    def encode(self, x: Tensor) -> Tensor:
        """z2 and the noise of z1, q(y|z1) standing for y: what `generate` needs to come back to x."""
        z1 = self.m1.encode(x)
        y, z2 = belief(self.m2.classify(z1)), self.m2.encode(z1)
        p = self.m2.observed(z2, y)
        return torch.cat([z2, (z1 - p.mean) * torch.exp(-p.log_std)], 1)

    def elbo(self, x: Tensor, noise: Noise, y: Tensor | None = None) -> Tensor:
        """E log p(x|z1) - log q(z1|x) + M2's bound on log p(z1), or on log p(z1|y), with one sample of z1."""
        q = self.posterior(x)
        z1 = q.sample(noise.normal(self.config.latent))
        return self.m1.log_likelihood(x, z1) - q.log_prob(z1) + self.m2.elbo(z1, noise, y)

    @property
    def measure(self) -> Measure:
        return self.m1.measure

    @property
    def slices(self) -> tuple[Slice, ...]:
        return (
            Slice(name="z2", size=self.config.m2_latent, prior="normal"),
            Slice(name="noise of z1", size=self.config.latent, prior="normal"),
        )

    def prior(self, noise: Noise) -> Tensor:
        return noise.normal(self.config.m2_latent + self.config.latent)

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """The mean of p(x|z1), z1 being drawn from p(z1|y, z2) by the noise in z."""
        z2, eps = z.split([self.config.m2_latent, self.config.latent], dim=1)
        return self.m1.generate(self.m2.observed(z2, y).sample(eps))

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        return self.generate(self.prior(noise), y)
