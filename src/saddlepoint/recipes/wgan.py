"""Wasserstein GAN.

Martin Arjovsky, Soumith Chintala, Léon Bottou: Wasserstein GAN. ICML 2017, arXiv 1701.07875.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field

from saddlepoint.catalogue import Paper, register
from saddlepoint.config import Decays
from saddlepoint.families import Pair, PairConfig
from saddlepoint.objectives.adversarial import critic_wasserstein, generator_wasserstein
from saddlepoint.recipe import Update
from saddlepoint.types import Batch, Losses


class WGANConfig(PairConfig):
    lr: float = Field(5e-5, gt=0)
    """Learning rate of both players (alpha)."""
    betas: Annotated[tuple[float, float], Decays] = (0.0, 0.99)
    """The second is RMSProp's decay rate; it has no first."""
    d_steps: int = Field(5, ge=1)
    """Critic updates for each generator update (n_critic)."""
    long_d_steps: int = Field(100, ge=1)
    """Critic updates before each of the first 25 generator updates and every 500th, to keep it near its optimum."""
    clip: float = Field(0.01, gt=0)
    """Largest size of each of the critic's weights (c)."""


@register(
    "wgan",
    paper=Paper(
        title="Wasserstein GAN",
        authors="Arjovsky, Martin and Chintala, Soumith and Bottou, Léon",
        year=2017,
        venue="ICML",
        arxiv="1701.07875",
    ),
    group="objective",
)
class WGAN(Pair[WGANConfig]):
    """A critic with clipped weights, kept near its optimum, estimates a Wasserstein distance that G lowers."""

    Config = WGANConfig
    optimizer: ClassVar[Literal["adam", "rmsprop", "sgd"]] = "rmsprop"

    def build(self) -> None:
        # The loss sees differences of the critic's values only: a bias on its output would never move.
        self.build_pair(output_bias=False)

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        """Algorithm 1, with the authors' long critic phases."""
        for _ in range(self.critic_steps(t)):
            update("discriminator", self.discriminator_objective, next(batches))
            self.clip_weights()
        update("generator", self.generator_objective, next(batches))

    def critic_steps(self, t: int) -> int:
        """Critic updates before generator update t = 0, 1, ..."""
        return self.config.long_d_steps if t < 25 or t % 500 == 0 else self.config.d_steps

    @torch.no_grad()
    def clip_weights(self) -> None:
        """Algorithm 1, line 7: w <- clip(w, -c, c).

        In place, so the optimiser's state keeps its parameters; without noise or statistics, so processes stay equal;
        and after an update that was refused as not finite it changes nothing.
        """
        for weight in self.discriminator.parameters():
            weight.clamp_(-self.config.clip, self.config.clip)

    def discriminator_objective(self, batch: Batch) -> Losses:
        """Equation 2 (algorithm 1, line 5): maximise E f(x) - E f(G(z)), W1 times the unknown slope of f."""
        with torch.no_grad():
            fake = self.generator(self.prior(batch.noise))
        loss = critic_wasserstein(self.discriminator(batch.x), self.discriminator(fake))
        return {"loss": loss, "wasserstein": -loss}

    def generator_objective(self, batch: Batch) -> Losses:
        """Algorithm 1, line 10: minimise -E f(G(z))."""
        return {"loss": generator_wasserstein(self.discriminator(self.generator(self.prior(batch.noise))))}
