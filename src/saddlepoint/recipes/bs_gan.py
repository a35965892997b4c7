"""Boundary-seeking GAN.

R Devon Hjelm, Athul Paul Jacob, Tong Che, Adam Trischler, Kyunghyun Cho, Yoshua Bengio: Boundary-Seeking Generative
Adversarial Networks. ICLR 2018, arXiv 1702.08431.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from saddlepoint.catalogue import Paper, register
from saddlepoint.errors import UserError
from saddlepoint.families import Pair, PairConfig
from saddlepoint.networks.pair import generator_for
from saddlepoint.objectives.adversarial import discriminator_minimax
from saddlepoint.objectives.boundary_seeking import generator_continuous, generator_discrete, importance_weights
from saddlepoint.objectives.likelihoods import bernoulli
from saddlepoint.types import Batch, Losses, Noise


class BSGANConfig(PairConfig):
    output: Literal["continuous", "binary"] = "continuous"
    """What the generator puts out: an example, or for each pixel the probability that it is white."""
    draws: int = Field(20, ge=2)
    """output=binary: black and white images drawn from the generator for each z, weighed against each other (M)."""


@register(
    "bs_gan",
    paper=Paper(
        title="Boundary-Seeking Generative Adversarial Networks",
        authors="Hjelm, R Devon and Jacob, Athul Paul and Che, Tong and Trischler, Adam and Cho, Kyunghyun and "
        "Bengio, Yoshua",
        year=2018,
        venue="ICLR",
        arxiv="1702.08431",
    ),
    group="objective",
    presets={"bs_gan_binary": {"output": "binary"}},
)
class BSGAN(Pair[BSGANConfig]):
    """Samples are pulled to D's boundary and not beyond; images of black and white pixels by importance weights."""

    Config = BSGANConfig

    def build(self) -> None:
        spec, config = self.spec, self.config
        self.discrete = config.output == "binary"
        # Batch norm would make the weight of one draw depend on what else is in the batch.
        self.build_pair(norm=None if self.discrete else nn.BatchNorm2d)
        if self.discrete:
            if spec.kind != "image":
                raise UserError(f"output=binary needs images, and this is {spec}: output=continuous takes it.")
            generator = generator_for(spec, config.latent, config.width, config.widths)
            generator.layers[-1] = nn.Identity()  # in place of tanh: the log-odds that a pixel is white
            self.generator = generator

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """output=binary: the mean of g(x | z), grey where a pixel may be either."""
        return (self.generator(z) / 2).tanh() if self.discrete else self.generator(z)  # 2 sigmoid(a) - 1 = tanh(a / 2)

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        x = self.generate(self.prior(noise))
        return binarised(x, noise.uniform(*self.spec.shape)) if self.discrete else x

    def discriminator_objective(self, batch: Batch) -> Losses:
        """Goodfellow et al. 2014, equation 1; with output=binary both sides are black and white."""
        x = batch.x
        with torch.no_grad():
            fake = self.draw(batch.noise, None)
            if self.discrete:
                x = binarised(x, batch.noise.uniform(*self.spec.shape))
        d_real, d_fake = self.discriminator(x), self.discriminator(fake)
        loss = discriminator_minimax(d_real, d_fake)
        return {"loss": loss, "d_real": d_real.sigmoid().mean(), "d_fake": d_fake.sigmoid().mean()}

    def generator_objective(self, batch: Batch) -> Losses:
        """Continuous: equation 16. Binary: algorithm 1, with M images of each z. `used`: 1 / sum w^2, of M."""
        z = self.prior(batch.noise)
        if not self.discrete:
            return {"loss": generator_continuous(self.discriminator(self.generator(z)))}
        log_odds = self.generator(z).float()
        with torch.no_grad():
            uniform = batch.noise.uniform(self.config.draws, *self.spec.shape)
            x = binarised((log_odds / 2).tanh()[:, None], uniform)  # (B, M, C, H, W)
            logits = self.discriminator(x.flatten(0, 1)).view(x.shape[:2])
        log_prob = torch.stack([bernoulli(x_m, log_odds) for x_m in x.unbind(1)], 1)
        used = 1 / importance_weights(logits).square().sum(1)
        return {"loss": generator_discrete(logits, log_prob), "used": used.mean()}


def binarised(x: Tensor, uniform: Tensor) -> Tensor:
    """Black (-1) and white (1) pixels, each white with probability (x + 1) / 2, from uniform draws on [0, 1)."""
    return torch.where(2 * uniform - 1 < x, 1.0, -1.0)
