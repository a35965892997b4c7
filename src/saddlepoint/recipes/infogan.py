"""InfoGAN.

Xi Chen, Yan Duan, Rein Houthooft, John Schulman, Ilya Sutskever, Pieter Abbeel: InfoGAN: Interpretable Representation
Learning by Information Maximizing Generative Adversarial Nets. NeurIPS 2016, arXiv 1606.03657.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from saddlepoint.catalogue import Paper, register
from saddlepoint.config import Positive
from saddlepoint.families import Pair, PairConfig
from saddlepoint.networks.pair import discriminator_for, generator_for
from saddlepoint.objectives.adversarial import discriminator_minimax, generator_nonsaturating
from saddlepoint.priors import Slice
from saddlepoint.recipe import Player
from saddlepoint.types import Batch, Losses


class InfoGANConfig(PairConfig):
    latent: int = Field(62, ge=1)
    """Dimensions of the incompressible noise; the codes come after it in z."""
    categorical: Annotated[tuple[int, ...], Positive] = (10,)
    """Values of each categorical code, which is one-hot in z."""
    continuous: int = Field(2, ge=0)
    """Continuous codes, uniform on [-1, 1]."""
    info: float = Field(1.0, ge=0)
    """Weight of the bound on the categorical codes' mutual information (lambda)."""
    g_lr: float = Field(1e-3, gt=0)
    """Learning rate of the generator; `lr` is that of the discriminator with Q."""
    info_continuous: float = Field(0.1, ge=0)
    """Weight of the bound on the continuous codes' mutual information."""


class Judge(nn.Module):
    """x -> logit of being real (B, 1) and Q's outputs (B, codes), which share all layers but the last."""

    def __init__(self, trunk: nn.Module, width: int, codes: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.source = nn.Linear(width, 1)
        self.q = nn.Sequential(nn.Linear(width, 128), nn.BatchNorm1d(128), nn.LeakyReLU(0.1), nn.Linear(128, codes))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.trunk(x)
        return self.source(features), self.q(features).float()


@register(
    "infogan",
    paper=Paper(
        title="InfoGAN: Interpretable Representation Learning by Information Maximizing Generative Adversarial Nets",
        authors="Chen, Xi and Duan, Yan and Houthooft, Rein and Schulman, John and Sutskever, Ilya and Abbeel, Pieter",
        year=2016,
        venue="NeurIPS",
        arxiv="1606.03657",
    ),
    group="conditional",
)
class InfoGAN(Pair[InfoGANConfig]):
    """Part of the latent must be readable from the sample, so it comes to mean something, without any label."""

    Config = InfoGANConfig

    def build(self) -> None:
        config = self.config
        size = config.latent + sum(config.categorical) + config.continuous
        self.generator = generator_for(self.spec, size, config.width, config.widths)
        whole = discriminator_for(self.spec, config.width, config.widths)
        trunk = nn.Sequential(*list(whole.layers)[:-1], nn.Flatten())
        self.discriminator = Judge(trunk, whole.width, sum(config.categorical) + 2 * config.continuous)

    def players(self) -> dict[str, Player]:
        players = super().players()
        return {**players, "generator": replace(players["generator"], lr=self.config.g_lr)}

    @property
    def slices(self) -> tuple[Slice, ...]:
        """[noise, one-hot categorical codes, continuous codes], (B, latent + sum(categorical) + continuous)."""
        config = self.config
        codes = [Slice(name=f"category {i}", size=n, prior="category") for i, n in enumerate(config.categorical)]
        noise = Slice(size=config.latent, prior="normal")
        return noise, *codes, Slice(name="code", size=config.continuous, prior="uniform")

    def codes(self, x: Tensor) -> tuple[list[Tensor], Tensor]:
        """What Q reads from x: the logits of each categorical code, and the means of the continuous ones."""
        *logits, mean, _ = self.discriminator(x)[1].split(self._sizes, 1)
        return logits, mean

    def realness(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self.discriminator(x)[0].float().flatten()

    @property
    def _sizes(self) -> list[int]:
        return [*self.config.categorical, self.config.continuous, self.config.continuous]

    def information(self, z: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
        """L_I = H(c) + E log Q(c|x) in nats, of the categorical and of the continuous codes: equation 5.

        At most H(c) for the categorical; Q is categorical for those and Gaussian for the continuous codes.
        """
        config = self.config
        *logits, mean, log_std = q.split(self._sizes, 1)
        *hot, code = z[:, config.latent :].split([*config.categorical, config.continuous], 1)
        categorical = q.new_zeros(())
        for values, scores, chosen in zip(config.categorical, logits, hot, strict=True):
            categorical = categorical + math.log(values) - cross_entropy(scores, chosen.argmax(1))
        log_q = -((code - mean) / log_std.exp()).square() / 2 - log_std - math.log(2 * math.pi) / 2
        return categorical, config.continuous * math.log(2) + log_q.sum(1).mean()

    def discriminator_objective(self, batch: Batch) -> Losses:
        """V - lambda L_I (equation 6), the part of D and Q."""
        z = self.prior(batch.noise)
        with torch.no_grad():
            fake = self.generator(z)
        (d_real, _), (d_fake, q) = self.discriminator(batch.x), self.discriminator(fake)
        loss = discriminator_minimax(d_real, d_fake)
        shown = {"d_real": d_real.sigmoid().mean(), "d_fake": d_fake.sigmoid().mean()}
        return {"loss": loss - self._weighted(z, q)["weighted"], **shown}

    def generator_objective(self, batch: Batch) -> Losses:
        """V - lambda L_I (equation 6), the part of G, V in its non-saturating form."""
        z = self.prior(batch.noise)
        d_fake, q = self.discriminator(self.generator(z))
        information = self._weighted(z, q)
        return {"loss": generator_nonsaturating(d_fake) - information.pop("weighted"), **information}

    def _weighted(self, z: Tensor, q: Tensor) -> dict[str, Tensor]:
        categorical, continuous = self.information(z, q)
        weighted = self.config.info * categorical + self.config.info_continuous * continuous
        return {"weighted": weighted, "information": categorical, "information_continuous": continuous}
