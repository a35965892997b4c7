"""Geoffrey E. Hinton: Training products of experts by minimizing contrastive divergence. Neural Computation 14, 2002.

Persistent chains: Tijmen Tieleman: Training restricted Boltzmann machines using approximations to the likelihood
gradient. ICML 2008.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from saddlepoint.catalogue import Paper, register
from saddlepoint.config import Config
from saddlepoint.networks.boltzmann import BoltzmannMachine
from saddlepoint.recipe import Player, Recipe, Update
from saddlepoint.types import Batch, Losses, Noise


class RBMConfig(Config):
    hidden: int = Field(500, ge=1)
    """Hidden units."""
    algorithm: Literal["cd", "pcd"] = "cd"
    """Where the chains of the negative phase start: at the data (contrastive divergence) or where they last were."""
    k: int = Field(1, ge=1)
    """Gibbs steps of a chain for each update."""
    chains: int = Field(100, ge=1)
    """Persistent chains."""
    lr: float = Field(0.05, gt=0)
    """Rate of plain stochastic gradients."""
    sample_steps: int = Field(1_000, ge=1)
    """Gibbs steps to a sample: from noise, or from a persistent chain where there are some."""


@register(
    "rbm",
    paper=Paper(
        title="Training Products of Experts by Minimizing Contrastive Divergence",
        authors="Hinton, Geoffrey E.",
        year=2002,
        venue="Neural Computation",
    ),
    group="energy",
    presets={"rbm_pcd": {"algorithm": "pcd"}},
)
class RBM(Recipe[RBMConfig]):
    """A restricted Boltzmann machine: an energy over black and white pixels, lowered at data, raised at its samples."""

    Config = RBMConfig
    binary = True
    averaged = ("machine",)
    particles: Tensor

    def build(self) -> None:
        self.machine = BoltzmannMachine(self.spec.dimensions, self.config.hidden)
        chains = self.config.chains if self.config.algorithm == "pcd" else 0
        self.register_buffer("particles", torch.randint(2, (chains, self.spec.dimensions)).float())

    def players(self) -> dict[str, Player]:
        return {"machine": Player(modules=(self.machine,), optimizer="sgd", lr=self.config.lr, betas=(0.0, 0.0))}

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        batch = next(batches)
        if self.config.algorithm == "pcd":
            noise = Noise(*batch.noise.key, "chains", rows=len(self.particles), device=self.device)
            self.particles.copy_(self.machine.gibbs(self.particles, noise, self.config.k))
        update("machine", self.objective, batch)

    def objective(self, batch: Batch) -> Losses:
        """F(data) - F(samples): its gradient is -log p's if the samples are the model's (Hinton 2002, section 2).

        The value itself estimates nothing: it says which of the two has the lower energy.
        """
        data = self.units(batch.x)
        persistent = self.config.algorithm == "pcd"
        samples = self.particles if persistent else self.machine.gibbs(data, batch.noise, self.config.k)
        real, fake = self.machine.free_energy(data).mean(), self.machine.free_energy(samples).mean()
        return {"loss": real - fake, "free_energy": real}

    def units(self, x: Tensor) -> Tensor:
        """Black (-1) and white (1) pixels as flat 0s and 1s: (B, C, H, W) -> (B, D)."""
        return (x.flatten(1) > 0).float()

    def free_energy(self, x: Tensor) -> Tensor:
        """-log p(x) - log Z in nats, (B,). log Z is `objectives.partition`'s: exact for small machines alone."""
        return self.machine.free_energy(self.units(x))

    def encode(self, x: Tensor) -> Tensor:
        """p(h = 1 | x), (B, hidden)."""
        return self.machine.hidden(self.units(x))

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        """From noise, or from where a persistent chain is: chains from noise end in modes that no data have."""
        start = (noise.uniform(self.spec.dimensions) < 0.5).float()
        if len(self.particles):
            start = self.particles[noise.integers(len(self.particles))]
        v = self.machine.gibbs(start, noise, self.config.sample_steps)
        return 2 * v.unflatten(1, self.spec.shape) - 1
