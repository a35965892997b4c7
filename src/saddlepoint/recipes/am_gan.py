"""Activation maximisation GAN.

Zhiming Zhou, Han Cai, Shu Rong, Yuxuan Song, Kan Ren, Weinan Zhang, Yong Yu, Jun Wang: Activation Maximization
Generative Adversarial Nets. ICLR 2018, arXiv 1703.02000.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from saddlepoint.catalogue import Paper, register
from saddlepoint.families import Pair, PairConfig
from saddlepoint.networks.pair import discriminator_for, generator_for
from saddlepoint.types import Batch, Losses


class AMGANConfig(PairConfig):
    labelling: Literal["predefined", "dynamic"] = "predefined"
    """A sample's target class: the one the generator was asked for, or, where it is asked for none, the class that
    the discriminator finds likeliest."""


@register(
    "am_gan",
    paper=Paper(
        title="Activation Maximization Generative Adversarial Nets",
        authors="Zhou, Zhiming and Cai, Han and Rong, Shu and Song, Yuxuan and Ren, Kan and Zhang, Weinan and Yu, Yong "
        "and Wang, Jun",
        year=2018,
        venue="ICLR",
        arxiv="1703.02000",
    ),
    group="conditional",
)
class AMGAN(Pair[AMGANConfig]):
    """One classifier of the real classes and `fake`: the generator maximises one class, not real against fake."""

    Config = AMGANConfig
    conditional = True

    def build(self) -> None:
        config, classes = self.config, len(self.spec.classes)
        self.conditional = config.labelling == "predefined"
        told = classes if self.conditional else 0
        self.generator = generator_for(self.spec, config.latent, config.width, config.widths, told)
        self.discriminator = discriminator_for(self.spec, config.width, config.widths, outputs=classes + 1)

    def classify(self, x: Tensor) -> Tensor:
        return self.discriminator(x)[:, :-1].float()

    def realness(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Log odds of not being of the class `fake`."""
        scores = self.discriminator(x).float()
        return scores[:, :-1].logsumexp(1) - scores[:, -1]

    def discriminator_objective(self, batch: Batch) -> Losses:
        """E H(v(y), D(x)) + E H(v(K + 1), D(G(z))): real examples to their class, generated ones to the last."""
        assert batch.y is not None
        with torch.no_grad():
            fake = self.generate(self.prior(batch.noise), batch.y)
        real, generated = self.discriminator(batch.x).float(), self.discriminator(fake).float()
        loss = cross_entropy(real, batch.y) + cross_entropy(generated, torch.full_like(batch.y, real.shape[1] - 1))
        right = (real[:, :-1].argmax(1) == batch.y).float().mean()
        d_real, d_fake = (1 - scores.softmax(1)[:, -1].mean() for scores in (real, generated))
        return {"loss": loss, "accuracy": right, "d_real": d_real, "d_fake": d_fake}

    def generator_objective(self, batch: Batch) -> Losses:
        """E H(v(y), D(G(z))) with each sample's target class y (sections 4 and 4.1)."""
        scores = self.discriminator(self.generate(self.prior(batch.noise), batch.y)).float()
        target = batch.y if self.conditional else scores[:, :-1].argmax(1)
        assert target is not None
        return {"loss": cross_entropy(scores, target)}

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.generator(z, y if self.conditional else None)
