"""Laplacian pyramid GAN.

Emily Denton, Soumith Chintala, Arthur Szlam, Rob Fergus: Deep Generative Image Models using a Laplacian Pyramid of
Adversarial Networks. NeurIPS 2015, arXiv 1506.05751.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import one_hot

from saddlepoint.catalogue import Paper, register
from saddlepoint.families import TwoPlayerConfig
from saddlepoint.networks.laplacian import LevelDiscriminator, LevelGenerator, decompose, pyramid_sizes, up
from saddlepoint.networks.mlp import mlp
from saddlepoint.objectives.adversarial import discriminator_minimax, generator_nonsaturating
from saddlepoint.priors import Slice
from saddlepoint.recipe import Player, Recipe, Update
from saddlepoint.types import Batch, Losses, Noise


class LAPGANConfig(TwoPlayerConfig):
    hidden: int = Field(1200, ge=1)
    """Units in each of the two hidden layers of the coarsest level's dense networks."""
    width: int = Field(64, ge=1)
    """Channels in the convolutional networks of the other levels."""


@register(
    "lapgan",
    paper=Paper(
        title="Deep Generative Image Models using a Laplacian Pyramid of Adversarial Networks",
        authors="Denton, Emily and Chintala, Soumith and Szlam, Arthur and Fergus, Rob",
        year=2015,
        venue="NeurIPS",
        arxiv="1506.05751",
    ),
    group="conditional",
)
class LAPGAN(Recipe[LAPGANConfig]):
    """A small image first, then the detail of each finer level, every level by a conditional GAN of its own."""

    Config = LAPGANConfig
    conditional = True
    min_side = 8
    averaged = ("generators",)

    def build(self) -> None:
        """Networks of every level, finest first, the coarsest last."""
        config, classes, (channels, *size) = self.config, len(self.spec.classes), self.spec.shape
        self.sizes = pyramid_sizes(*size)
        *finer, coarsest = self.sizes
        area, hidden = channels * coarsest[0] * coarsest[1], (config.hidden, config.hidden)
        generators: list[nn.Module] = [LevelGenerator(channels, s, config.width, classes) for s in finer]
        judges: list[nn.Module] = [LevelDiscriminator(channels, s, config.width, classes) for s in finer]
        self.generators = nn.ModuleList([*generators, mlp(config.latent + classes, hidden, area)])
        self.discriminators = nn.ModuleList([*judges, mlp(area + classes, hidden, 1)])

    def players(self) -> dict[str, Player]:
        lr, betas = self.config.lr, self.config.betas
        return {
            f"{side}_{level}": Player(modules=(networks[level],), lr=lr, betas=betas)
            for level in range(len(self.sizes))
            for side, networks in (("discriminator", self.discriminators), ("generator", self.generators))
        }

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        """Algorithm 1 of Goodfellow et al. 2014 at every level, each apart from the others (section 3.2)."""
        for level in range(len(self.sizes)):
            for _ in range(self.config.d_steps):
                update(f"discriminator_{level}", partial(self.discriminator_objective, level), next(batches))
            update(f"generator_{level}", partial(self.generator_objective, level), next(batches))

    def discriminator_objective(self, level: int, batch: Batch) -> Losses:
        """Equation 1 given the true low-pass image l_k: real residuals h_k against G_k(z_k, l_k)."""
        low, real = self._level(batch.x, level)
        with torch.no_grad():
            fake = self._detail(level, self.prior(batch.noise), low, batch.y)
        d_real, d_fake = self._judge(level, real, low, batch.y), self._judge(level, fake, low, batch.y)
        loss = discriminator_minimax(d_real, d_fake)
        return {"loss": loss, "d_real": d_real.sigmoid().mean(), "d_fake": d_fake.sigmoid().mean()}

    def generator_objective(self, level: int, batch: Batch) -> Losses:
        """Equation 1, the side of G_k, in its non-saturating form."""
        low, _ = self._level(batch.x, level)
        fake = self._detail(level, self.prior(batch.noise), low, batch.y)
        return {"loss": generator_nonsaturating(self._judge(level, fake, low, batch.y))}

    @property
    def slices(self) -> tuple[Slice, ...]:
        planes = [Slice(name=f"level {i}", size=h * w, prior="uniform") for i, (h, w) in enumerate(self.sizes[:-1])]
        return Slice(name="coarsest", size=self.config.latent, prior="uniform"), *planes

    def prior(self, noise: Noise) -> Tensor:
        """Uniform on [-1, 1]: the coarsest level's `latent` numbers, then a plane for each finer level."""
        planes = sum(height * width for height, width in self.sizes[:-1])
        return 2 * noise.uniform(self.config.latent + planes) - 1

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """From coarse to fine: I_k = u(I_(k+1)) + G_k(z_k, u(I_(k+1))), equation 5."""
        last = len(self.sizes) - 1
        x = self._detail(last, z, None, y).clamp(-1, 1)
        for level in reversed(range(last)):
            low = up(x, self.sizes[level])
            x = (low + self._detail(level, z, low, y)).clamp(-1, 1)
        return x

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        return self.generate(self.prior(noise), y)

    def _level(self, x: Tensor, level: int) -> tuple[Tensor | None, Tensor]:
        """The low-pass image and the residual of a level; the coarsest has no low-pass image."""
        levels, coarsest = decompose(x, self.sizes)
        return levels[level] if level < len(levels) else (None, coarsest)

    def _detail(self, level: int, z: Tensor, low: Tensor | None, y: Tensor | None) -> Tensor:
        """G_k: its part of the latent and, but for the coarsest, the low-pass image."""
        assert y is not None
        own, *planes = z.split([self.config.latent, *(h * w for h, w in self.sizes[:-1])], 1)
        if low is not None:
            return self.generators[level](planes[level], low, y)
        flat = self.generators[level](torch.cat([own, one_hot(y, len(self.spec.classes)).to(z.dtype)], 1))
        return flat.tanh().unflatten(1, (self.spec.shape[0], *self.sizes[-1]))

    def _judge(self, level: int, x: Tensor, low: Tensor | None, y: Tensor | None) -> Tensor:
        assert y is not None
        if low is not None:
            return self.discriminators[level](x, low, y)
        return self.discriminators[level](torch.cat([x.flatten(1), one_hot(y, len(self.spec.classes)).to(x.dtype)], 1))
