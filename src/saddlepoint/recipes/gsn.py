"""Yoshua Bengio, Eric Thibodeau-Laufer, Guillaume Alain, Jason Yosinski: Deep Generative Stochastic Networks Trainable
by Backprop. ICML 2014, arXiv 1306.1091.

Walk-back: Yoshua Bengio, Li Yao, Guillaume Alain, Pascal Vincent: Generalized Denoising Auto-Encoders as Generative
Models. NeurIPS 2013, arXiv 1305.6663.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from saddlepoint.catalogue import Paper, register
from saddlepoint.config import Config, Positive
from saddlepoint.distributed import whole_batch
from saddlepoint.errors import UserError
from saddlepoint.networks.noisy_layers import NoisyLayers
from saddlepoint.objectives.likelihoods import bernoulli
from saddlepoint.recipe import Player, Recipe, Update
from saddlepoint.types import Batch, Losses, Noise


class GSNConfig(Config):
    widths: Annotated[tuple[int, ...], Positive] = Field((1500, 1500), min_length=1)
    """Units of the hidden layers."""
    corruption: float = Field(0.4, gt=0, lt=1)
    """Part of the pixels that become black or white at random (salt and pepper) before each step."""
    std: float = Field(2.0, ge=0)
    """Standard deviation of the noise before and after the tanh of all hidden layers but the first."""
    walkback: int = Field(4, ge=1)
    """Steps of the chain from an example, each of which is to give the example back; at least as many as layers."""
    sample_steps: int = Field(100, ge=1)
    """Steps of the chain to a sample."""
    lr: float = Field(3e-3, gt=0)
    """Adam's learning rate."""


@register(
    "gsn",
    paper=Paper(
        title="Deep Generative Stochastic Networks Trainable by Backprop",
        authors="Bengio, Yoshua and Thibodeau-Laufer, Eric and Alain, Guillaume and Yosinski, Jason",
        year=2014,
        venue="ICML",
        arxiv="1306.1091",
    ),
    group="chain",
)
class GSN(Recipe[GSNConfig]):
    """A Markov chain learned by denoising: corrupt, guess what was there, draw the guess, and so on to the data."""

    Config = GSNConfig
    averaged = ("network",)

    def build(self) -> None:
        widths, walkback = self.config.widths, self.config.walkback
        if walkback < len(widths):
            raise UserError(
                f"walkback={walkback} is too short for {len(widths)} hidden layers: the uppermost tells the pixels "
                f"nothing before step {len(widths)}."
            )
        self.network = NoisyLayers([self.spec.dimensions, *widths], self.config.std)

    def players(self) -> dict[str, Player]:
        return {"network": Player(modules=(self.network,), lr=self.config.lr)}

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        batch = next(batches)
        if t == 0:
            self.network.expect(self.units(whole_batch(batch.x)))
        update("network", self.objective, batch)

    def objective(self, batch: Batch) -> Losses:
        """-log P(x | state) in nats per example, the mean over walk-back steps (1305.6663, algorithm 1).

        Gradients pass through the hidden layers of all steps, and not through what is drawn for the pixels.
        """
        v, hidden = self.units(batch.x), self.network.start(len(batch))
        errors: list[Tensor] = []
        for _ in range(self.config.walkback):
            logits, hidden = self.pass_on(v, hidden, batch.noise)
            errors.append(-bernoulli(batch.x, logits.unflatten(1, self.spec.shape)).mean())
            v = self.drawn(logits, batch.noise)
        return {"loss": torch.stack(errors).mean(), "first": errors[0], "last": errors[-1]}

    def pass_on(self, v: Tensor, hidden: list[Tensor], noise: Noise) -> tuple[Tensor, list[Tensor]]:
        """Corrupt the pixels and update the layers: the log-odds of what was there, and the hidden layers."""
        return self.network(self.corrupted(v, noise), hidden, self.network.draws(noise))

    def units(self, x: Tensor) -> Tensor:
        """Pixels as flat numbers in [0, 1]: (B, C, H, W) -> (B, D)."""
        return (x.flatten(1) + 1) / 2

    def corrupted(self, v: Tensor, noise: Noise) -> Tensor:
        """C(x~ | x): salt and pepper."""
        hit, white = noise.uniform(2, v.shape[1]).unbind(1)
        return torch.where(hit < self.config.corruption, (white < 0.5).to(v.dtype), v)

    def drawn(self, logits: Tensor, noise: Noise) -> Tensor:
        """Black and white pixels from their log-odds."""
        return (noise.uniform(logits.shape[1]) < logits.detach().sigmoid()).float()

    def chain(self, v: Tensor, noise: Noise, steps: int) -> Tensor:
        """The log-odds of the pixels after so many steps from v: (B, D)."""
        hidden = self.network.start(len(v))
        logits, hidden = self.pass_on(v, hidden, noise)
        for _ in range(steps - 1):
            logits, hidden = self.pass_on(self.drawn(logits, noise), hidden, noise)
        return logits

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        """The mean of the last step's P(x | state), from pixels drawn by what they are without any state."""
        v = self.drawn(self.network.visible_bias.expand(noise.rows, -1), noise)
        return 2 * self.chain(v, noise, self.config.sample_steps).sigmoid().unflatten(1, self.spec.shape) - 1
