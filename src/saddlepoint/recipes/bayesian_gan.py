"""Bayesian GAN.

Yunus Saatchi, Andrew Gordon Wilson: Bayesian GAN. NeurIPS 2017, arXiv 1705.09558.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import softplus

from saddlepoint.catalogue import Paper, register
from saddlepoint.config import Config, Positive
from saddlepoint.errors import UserError
from saddlepoint.networks.ensemble import Ensemble
from saddlepoint.networks.pair import discriminator_for, generator_for
from saddlepoint.objectives.langevin import gaussian_prior, langevin_term
from saddlepoint.recipe import Player, Recipe, Update
from saddlepoint.types import Batch, Losses, Noise


class BayesianGANConfig(Config):
    latent: int = Field(100, ge=1)
    """Dimensions of z."""
    width: int = Field(32, ge=1)
    """Images: channels of the largest hidden maps of each of the networks, doubled at each halving of the size."""
    widths: Annotated[tuple[int, ...], Positive] = (512, 512, 512)
    """Points: units in the hidden layers of each of the networks."""
    generators: int = Field(10, ge=1)
    """Samples of the generator's weights (J_g), each a chain of its own."""
    discriminators: int = Field(10, ge=1)
    """Samples of the discriminator's weights (J_d), at most as many as generators."""
    lr: float = Field(0.03, gt=0)
    """Learning rate on the mean loss of an example: N times the paper's eta."""
    friction: float = Field(0.5, gt=0, lt=1)
    """alpha; momentum is 1 - alpha. At the authors' 0.01 the game swings ever wider."""
    prior_std: float = Field(1.0, gt=0)
    """Standard deviation of the normal prior of every weight."""
    examples: int = Field(60_000, ge=1)
    """N, how many examples the posterior has seen: set it to the size of your data."""
    temperature: float = Field(1.0, ge=0)
    """Variance of the injected noise over the posterior's; below 1 is a cold posterior, 0 a plain ensemble."""


@register(
    "bayesian_gan",
    paper=Paper(
        title="Bayesian GAN",
        authors="Saatchi, Yunus and Wilson, Andrew Gordon",
        year=2017,
        venue="NeurIPS",
        arxiv="1705.09558",
    ),
    group="ensemble",
)
class BayesianGAN(Recipe[BayesianGANConfig]):
    """Ten generators and ten discriminators drawn from the posterior of their weights by Hamiltonian Monte Carlo."""

    Config = BayesianGANConfig
    kinds = ("image", "points")
    min_side = 8
    averaged = ("generators",)

    def build(self) -> None:
        config, spec = self.config, self.spec
        if config.discriminators > config.generators:
            raise UserError(
                f"discriminators={config.discriminators} is more than generators={config.generators}: "
                "take at most as many, so that each has samples to judge."
            )
        sizes = config.width, config.widths
        self.generators = Ensemble(generator_for(spec, config.latent, *sizes) for _ in range(config.generators))
        self.discriminators = nn.ModuleList(discriminator_for(spec, *sizes) for _ in range(config.discriminators))

    def players(self) -> dict[str, Player]:
        # A loss that is a sum over chains moves each chain by its own part of it.
        return {
            name: Player(modules=(chains,), optimizer="sgd", lr=self.config.lr, betas=(1 - self.config.friction, 0.0))
            for name, chains in (("discriminator", self.discriminators), ("generator", self.generators))
        }

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        """Algorithm 1: one step of each chain."""
        update("discriminator", self.discriminator_objective, next(batches))
        update("generator", self.generator_objective, next(batches))

    def discriminator_objective(self, batch: Batch) -> Losses:
        """-log of equation 2 over N, summed over the discriminators' chains."""
        with torch.no_grad():
            fakes = self.dealt(batch.noise)
        losses = [
            softplus(-judge(batch.x).float()).mean() + self.mean(softplus(judge(fake).float()), batch)
            for judge, fake in zip(self.discriminators, fakes, strict=True)
        ]
        return self.posterior(torch.stack(losses), self.discriminators, batch.noise)

    def generator_objective(self, batch: Batch) -> Losses:
        """-log of equation 1 over N, summed over the generators' chains."""
        fakes = self.dealt(batch.noise)
        losses = [
            self.mean(softplus(-judge(fake).float()), batch)
            for judge, fake in zip(self.discriminators, fakes, strict=True)
        ]
        scale = self.config.generators / self.config.discriminators
        return self.posterior(scale * torch.stack(losses), self.generators, batch.noise)

    def dealt(self, noise: Noise) -> list[Tensor]:
        """Fresh samples of every generator, one of each for each row, dealt to the discriminators in turn.

        Each discriminator so judges equal parts of all generators, which is the mean over both that equations 3 and 4
        ask for, by one row each instead of by all pairs.
        """
        z = noise.normal(len(self.generators), self.config.latent)
        fakes = torch.stack([generator(z[:, j]) for j, generator in enumerate(self.generators)], 1)
        row = noise.start + torch.arange(len(z), device=z.device)
        who = (row[:, None] + torch.arange(len(self.generators), device=z.device)) % len(self.discriminators)
        return [fakes[who == k] for k in range(len(self.discriminators))]

    def mean(self, values: Tensor, batch: Batch) -> Tensor:
        """Of what one discriminator says of its hand: over the rows it gets on average, so that parts add up."""
        return values.sum() * len(self.discriminators) / (len(self.generators) * len(batch))

    def posterior(self, losses: Tensor, chains: nn.ModuleList, noise: Noise) -> Losses:
        """Likelihood, prior and noise of all chains."""
        config, parameters = self.config, list(chains.parameters())
        prior = gaussian_prior(parameters, config.prior_std) / config.examples
        jolt = langevin_term(parameters, noise, config.friction, config.lr, config.examples)
        return {
            "loss": losses.sum() + prior + config.temperature**0.5 * jolt,
            "chain": losses.mean(),
            "prior": prior / len(chains),
        }

    def prior(self, noise: Noise) -> Tensor:
        return noise.normal(self.config.latent)

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        """Each row from a generator drawn uniformly from the posterior's samples."""
        z = self.prior(noise)
        return self.generators(z, noise.integers(len(self.generators)))
