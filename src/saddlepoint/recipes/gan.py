"""Generative adversarial nets.

Ian Goodfellow, Jean Pouget-Abadie, Mehdi Mirza, Bing Xu, David Warde-Farley, Sherjil Ozair, Aaron Courville, Yoshua
Bengio: Generative Adversarial Nets. NeurIPS 2014, arXiv 1406.2661.
"""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import nn

from saddlepoint.catalogue import Paper, register
from saddlepoint.config import Positive
from saddlepoint.families import TwoPlayer, TwoPlayerConfig
from saddlepoint.networks.mlp import ToExamples, maxout_mlp, mlp
from saddlepoint.objectives.adversarial import discriminator_minimax, generator_minimax, generator_nonsaturating
from saddlepoint.types import Batch, Losses


class GANConfig(TwoPlayerConfig):
    # The paper leaves the learning rate open and uses momentum; Adam with DCGAN's values needs no tuning per set.
    objective: Literal["nonsaturating", "minimax"] = "nonsaturating"
    """The generator maximises log D(G(z)), or minimises log(1 - D(G(z))), which hardly moves while D is sure."""
    g_widths: Annotated[tuple[int, ...], Positive] = (1200, 1200)
    """ReLU units in the generator's hidden layers."""
    d_widths: Annotated[tuple[int, ...], Positive] = (240, 240)
    """Maxout units in the discriminator's hidden layers."""
    pieces: int = Field(5, ge=1)
    """Affine maps of which each maxout unit takes the largest."""
    dropout: float = Field(0.5, ge=0, lt=1)
    """Share of the discriminator's hidden units silenced at random in training."""


@register(
    "gan",
    group="objective",
    paper=Paper(
        title="Generative Adversarial Nets",
        authors="Goodfellow, Ian and Pouget-Abadie, Jean and Mirza, Mehdi and Xu, Bing and Warde-Farley, David and "
        "Ozair, Sherjil and Courville, Aaron and Bengio, Yoshua",
        year=2014,
        venue="NeurIPS",
        arxiv="1406.2661",
    ),
)
class GAN(TwoPlayer[GANConfig]):
    """A generator learns to fool a discriminator that learns to tell its samples from data; dense networks."""

    Config = GANConfig
    kinds = ("image", "points")

    def build(self) -> None:
        config, dimensions = self.config, self.spec.dimensions
        self.generator = nn.Sequential(mlp(config.latent, config.g_widths, dimensions), ToExamples(self.spec))
        judge = maxout_mlp(dimensions, config.d_widths, 1, config.pieces, config.dropout)
        self.discriminator = nn.Sequential(nn.Flatten(), judge)

    def discriminator_objective(self, batch: Batch) -> Losses:
        """Equation 1, the discriminator's side: maximise E log D(x) + E log(1 - D(G(z)))."""
        with torch.no_grad():
            fake = self.generator(self.prior(batch.noise))
        d_real, d_fake = self.discriminator(batch.x), self.discriminator(fake)
        loss = discriminator_minimax(d_real, d_fake)
        return {"loss": loss, "d_real": d_real.sigmoid().mean(), "d_fake": d_fake.sigmoid().mean()}

    def generator_objective(self, batch: Batch) -> Losses:
        """Equation 1, the generator's side, or section 3's objective of the same fixed point."""
        d_fake = self.discriminator(self.generator(self.prior(batch.noise)))
        loss = generator_minimax if self.config.objective == "minimax" else generator_nonsaturating
        return {"loss": loss(d_fake)}
