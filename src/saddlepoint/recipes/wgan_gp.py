"""Wasserstein GAN with gradient penalty.

Ishaan Gulrajani, Faruk Ahmed, Martin Arjovsky, Vincent Dumoulin, Aaron Courville: Improved Training of Wasserstein
GANs. NeurIPS 2017, arXiv 1704.00028.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from saddlepoint.catalogue import Paper, register
from saddlepoint.config import Decays
from saddlepoint.families import Pair, PairConfig
from saddlepoint.objectives.adversarial import critic_wasserstein, generator_wasserstein
from saddlepoint.objectives.penalties import gradient_norm, interpolates
from saddlepoint.types import Batch, Losses


class WGANGPConfig(PairConfig):
    latent: int = Field(128, ge=1)
    """Dimensions of z."""
    lr: float = Field(1e-4, gt=0)
    """Learning rate of both players (alpha)."""
    betas: Annotated[tuple[float, float], Decays] = (0.0, 0.9)
    """Adam's decay rates."""
    d_steps: int = Field(5, ge=1)
    """Critic updates for each generator update (n_critic)."""
    penalty: float = Field(10.0, ge=0)
    """Weight of the gradient penalty (lambda)."""


@register(
    "wgan_gp",
    group="objective",
    paper=Paper(
        title="Improved Training of Wasserstein GANs",
        authors="Gulrajani, Ishaan and Ahmed, Faruk and Arjovsky, Martin and Dumoulin, Vincent and Courville, Aaron",
        year=2017,
        venue="NeurIPS",
        arxiv="1704.00028",
    ),
)
class WGANGP(Pair[WGANGPConfig]):
    """A critic whose gradient norm is held near 1 estimates the Wasserstein distance that the generator lowers."""

    Config = WGANGPConfig

    def build(self) -> None:
        # Section 4: the penalty is on each input apart, so the critic has layer norm where DCGAN's has batch norm.
        # The loss sees differences of the critic's values only: a bias on its output would never move.
        self.build_pair(norm=partial(nn.GroupNorm, 1), output_bias=False)

    def discriminator_objective(self, batch: Batch) -> Losses:
        """Equation 3 (algorithm 1, lines 4 to 8): E D(G(z)) - E D(x) + lambda E (||grad D(x_hat)|| - 1)^2."""
        with torch.no_grad():
            fake = self.generator(self.prior(batch.noise))
        wasserstein = -critic_wasserstein(self.discriminator(batch.x), self.discriminator(fake))
        penalty = self.gradient_penalty(batch.x, fake, batch.noise.uniform(1))
        return {
            "loss": -wasserstein + self.config.penalty * penalty,
            "wasserstein": wasserstein,
            "penalty": penalty,
        }

    def gradient_penalty(self, real: Tensor, fake: Tensor, epsilon: Tensor) -> Tensor:
        """E (||grad D(x_hat)|| - 1)^2, in float32 whatever the precision: in bf16 its own gradient is 1% off."""
        with torch.autocast(real.device.type, enabled=False):
            x_hat = interpolates(real.float(), fake.float(), epsilon).requires_grad_()
            return (gradient_norm(self.discriminator(x_hat), x_hat) - 1).square().mean()

    def generator_objective(self, batch: Batch) -> Losses:
        """Algorithm 1, line 12: minimise -E D(G(z))."""
        return {"loss": generator_wasserstein(self.discriminator(self.generator(self.prior(batch.noise))))}
