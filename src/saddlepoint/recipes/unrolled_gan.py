"""Unrolled GAN.

Luke Metz, Ben Poole, David Pfau, Jascha Sohl-Dickstein: Unrolled Generative Adversarial Networks. ICLR 2017, arXiv
1611.02163.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from pydantic import Field
from torch import Tensor
from torch.func import functional_call

from saddlepoint.catalogue import Paper, register
from saddlepoint.families import Pair, PairConfig
from saddlepoint.objectives.adversarial import discriminator_minimax, generator_nonsaturating
from saddlepoint.objectives.unrolled import Moments, unrolled
from saddlepoint.recipe import Player, Update
from saddlepoint.types import Batch, Losses


class UnrolledGANConfig(PairConfig):
    lr: float = Field(1e-3, gt=0)
    """Learning rate of the generator."""
    d_rate: float = Field(0.1, gt=0)
    """Learning rate of the discriminator, as a multiple of the generator's `lr`."""
    unroll: int = Field(5, ge=0)
    """Discriminator steps that the generator looks ahead (K); 0 is a plain GAN."""


@register(
    "unrolled_gan",
    paper=Paper(
        title="Unrolled Generative Adversarial Networks",
        authors="Metz, Luke and Poole, Ben and Pfau, David and Sohl-Dickstein, Jascha",
        year=2017,
        venue="ICLR",
        arxiv="1611.02163",
    ),
    group="network",
)
class UnrolledGAN(Pair[UnrolledGANConfig]):
    """The generator answers the discriminator as it will be after K more steps, and sees how those answer it."""

    Config = UnrolledGANConfig

    def build(self) -> None:
        super().build()
        config = self.config
        self.moments = Moments(self.discriminator, config.lr * config.d_rate, config.betas)

    def players(self) -> dict[str, Player]:
        lr, betas = self.config.lr, self.config.betas
        return {
            "discriminator": Player(modules=(self.discriminator,), lr=lr * self.config.d_rate, betas=betas),
            "generator": Player(modules=(self.generator,), lr=lr, betas=betas),
        }

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        """D's moments follow its gradients, as its own optimiser's do: the look ahead goes on from them."""
        for _ in range(self.config.d_steps):
            update("discriminator", self.discriminator_objective, next(batches))
            grads = {name: p.grad for name, p in self.discriminator.named_parameters() if p.grad is not None}
            if grads:  # none where D is held
                self.moments.see(grads)
        update("generator", self.generator_objective, next(batches))

    def discriminator_objective(self, batch: Batch) -> Losses:
        """Goodfellow et al. 2014, equation 1; D itself takes one step (equation 11)."""
        with torch.no_grad():
            fake = self.generator(self.prior(batch.noise))
        d_real, d_fake = self.discriminator(batch.x), self.discriminator(fake)
        loss = discriminator_minimax(d_real, d_fake)
        return {"loss": loss, "d_real": d_real.sigmoid().mean(), "d_fake": d_fake.sigmoid().mean()}

    def generator_objective(self, batch: Batch) -> Losses:
        """Equation 10: the generator's loss at theta_D^K(theta_G), with the gradient through all K steps."""
        fake = self.generator(self.prior(batch.noise))

        def d_loss(parameters: dict[str, Tensor]) -> Tensor:
            return discriminator_minimax(self._judge(parameters, batch.x), self._judge(parameters, fake))

        own = {name: p.detach().requires_grad_() for name, p in self.discriminator.named_parameters()}
        ahead = unrolled(d_loss, own, self.config.unroll, self.moments.adam())
        return {"loss": generator_nonsaturating(self._judge(ahead, fake))}

    def _judge(self, parameters: dict[str, Tensor], x: Tensor) -> Tensor:
        """D with these parameters in place of its own; its running statistics stay as they are."""
        buffers = {name: buffer.clone() for name, buffer in self.discriminator.named_buffers()}
        return functional_call(self.discriminator, {**parameters, **buffers}, (x,))
