"""Gang of GANs.

Felix Juefei-Xu, Vishnu Naresh Boddeti, Marios Savvides: Gang of GANs: Generative Adversarial Networks with Maximum
Margin Ranking. 2017, arXiv 1704.04865.

Written from memory of the paper, whose full text was not at hand: docs/recipes/gogan.md says what that leaves open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field

from saddlepoint.catalogue import Paper, register
from saddlepoint.config import Decays
from saddlepoint.families import Pair, PairConfig
from saddlepoint.networks.snapshot import Snapshot
from saddlepoint.objectives.adversarial import generator_wasserstein
from saddlepoint.objectives.ranking import margin_shortfall
from saddlepoint.recipe import Update
from saddlepoint.types import Batch, Losses


class GoGANConfig(PairConfig):
    lr: float = Field(5e-5, gt=0)
    """Learning rate of both players."""
    betas: Annotated[tuple[float, float], Decays] = (0.0, 0.99)
    """The second is RMSProp's decay rate; it has no first."""
    d_steps: int = Field(5, ge=1)
    """Critic updates for each generator update."""
    clip: float = Field(0.01, gt=0)
    """Largest size of each of the critic's weights, as in Wasserstein GAN."""
    margin: float = Field(1.0, gt=0)
    """By how much a critic is to score data above its stage's samples (epsilon), and twice above the last stage's."""
    rank: float = Field(0.5, ge=0)
    """Weight of the ranking loss; that of the critic's own is 1."""
    stages: int = Field(3, ge=1)
    """GANs in the gang, each starting where the one before it ended; the last trains on for as long as the run does."""
    stage_steps: int = Field(10_000, ge=1)
    """Generator updates of each stage."""


@register(
    "gogan",
    paper=Paper(
        title="Gang of GANs: Generative Adversarial Networks with Maximum Margin Ranking",
        authors="Juefei-Xu, Felix and Boddeti, Vishnu Naresh and Savvides, Marios",
        year=2017,
        arxiv="1704.04865",
    ),
    group="objective",
)
class GoGAN(Pair[GoGANConfig]):
    """Wasserstein GANs in stages: critics rank data above their own samples, and further above the last stage's."""

    Config = GoGANConfig
    optimizer: ClassVar[Literal["adam", "rmsprop", "sgd"]] = "rmsprop"
    stage: torch.Tensor
    """The stage in training, 0, 1, ..."""

    def build(self) -> None:
        self.build_pair()
        self.last_generator, self.last_discriminator = Snapshot(self.generator), Snapshot(self.discriminator)
        self.register_buffer("stage", torch.tensor(0))

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        stage = min(t // self.config.stage_steps, self.config.stages - 1)
        if stage and t == stage * self.config.stage_steps:  # the pair trains on; what it was is kept to be beaten
            self.last_generator.take()
            self.last_discriminator.take()
            self.stage.fill_(stage)
        for _ in range(self.config.d_steps):
            update("discriminator", self.discriminator_objective, next(batches))
            self.clip_weights()
        update("generator", self.generator_objective, next(batches))

    @torch.no_grad()
    def clip_weights(self) -> None:
        for weight in self.discriminator.parameters():
            weight.clamp_(-self.config.clip, self.config.clip)

    def discriminator_objective(self, batch: Batch) -> Losses:
        """E [D_i(G_i(z)) + eps - D_i(x)]_+ and, from the second stage on, E [D_i-1(G_i-1(z)) + 2 eps - D_i(x)]_+."""
        margin, z = self.config.margin, self.prior(batch.noise)
        with torch.no_grad():
            fake = self.generator(z)
        real, own = self.discriminator(batch.x), self.discriminator(fake)
        loss = margin_shortfall(real, own, margin)
        logs = {"gap": real.float().mean() - own.float().mean(), "shortfall": loss}
        if self.stage:
            with torch.no_grad():
                last = self.last_discriminator(self.last_generator(z))
            ranking = margin_shortfall(real, last, 2 * margin)
            logs |= {"ranking": ranking, "improvement": own.float().mean() - last.float().mean()}
            loss = loss + self.config.rank * ranking
        return {"loss": loss, **logs}

    def generator_objective(self, batch: Batch) -> Losses:
        """-E D_i(G_i(z)), as in Wasserstein GAN."""
        return {"loss": generator_wasserstein(self.discriminator(self.generator(self.prior(batch.noise))))}
