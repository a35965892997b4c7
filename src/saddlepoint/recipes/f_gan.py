"""f-GAN.

Sebastian Nowozin, Botond Cseke, Ryota Tomioka: f-GAN: Training Generative Neural Samplers using Variational Divergence
Minimization. NeurIPS 2016, arXiv 1606.00709.
"""

from __future__ import annotations

from typing import Literal

import torch

from saddlepoint.catalogue import Paper, register
from saddlepoint.families import Pair, PairConfig
from saddlepoint.objectives.f_divergences import (
    F_DIVERGENCES,
    Name,
    generator_alternative,
    generator_variational,
    variational_value,
)
from saddlepoint.types import Batch, Losses


class FGANConfig(PairConfig):
    divergence: Name = "gan"
    """Between data and samples: what the discriminator estimates from below and the generator lowers."""
    objective: Literal["alternative", "variational"] = "alternative"
    """The generator maximises E g_f(V(G(z))) (section 3.2), or minimises the estimate itself, -E f*(g_f(V(G(z))))."""


@register(
    "f_gan",
    paper=Paper(
        title="f-GAN: Training Generative Neural Samplers using Variational Divergence Minimization",
        authors="Nowozin, Sebastian and Cseke, Botond and Tomioka, Ryota",
        year=2016,
        venue="NeurIPS",
        arxiv="1606.00709",
    ),
    group="objective",
    presets={
        "f_gan_kl": {"divergence": "kl"},
        "f_gan_reverse_kl": {"divergence": "reverse_kl"},
        "f_gan_pearson": {"divergence": "pearson"},
        "f_gan_squared_hellinger": {"divergence": "squared_hellinger"},
        "f_gan_jensen_shannon": {"divergence": "jensen_shannon"},
    },
)
class FGAN(Pair[FGANConfig]):
    """The discriminator bounds an f-divergence of choice from below, and the generator lowers the bound."""

    Config = FGANConfig
    z_prior = "uniform"

    def discriminator_objective(self, batch: Batch) -> Losses:
        """Equation 7, maximised. Logged: the bound, which is of the divergence itself (gan: less log 4)."""
        with torch.no_grad():
            fake = self.generator(self.prior(batch.noise))
        real, fake = self.discriminator(batch.x), self.discriminator(fake)
        bound = variational_value(F_DIVERGENCES[self.config.divergence], real, fake)
        return {"loss": -bound, "bound": bound}

    def generator_objective(self, batch: Batch) -> Losses:
        """Equation 7, minimised, or section 3.2's objective."""
        loss = generator_alternative if self.config.objective == "alternative" else generator_variational
        fake = self.discriminator(self.generator(self.prior(batch.noise)))
        return {"loss": loss(F_DIVERGENCES[self.config.divergence], fake)}
