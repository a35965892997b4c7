"""Auxiliary classifier GAN.

Augustus Odena, Christopher Olah, Jonathon Shlens: Conditional Image Synthesis with Auxiliary Classifier GANs. ICML
2017, arXiv 1610.09585.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from saddlepoint.catalogue import Paper, register
from saddlepoint.families import Pair, PairConfig
from saddlepoint.networks.pair import discriminator_for, generator_for
from saddlepoint.objectives.adversarial import discriminator_minimax, generator_nonsaturating
from saddlepoint.types import Batch, Losses


class ACGANConfig(PairConfig):
    pass


@register(
    "acgan",
    paper=Paper(
        title="Conditional Image Synthesis with Auxiliary Classifier GANs",
        authors="Odena, Augustus and Olah, Christopher and Shlens, Jonathon",
        year=2017,
        venue="ICML",
        arxiv="1610.09585",
    ),
    group="conditional",
)
class ACGAN(Pair[ACGANConfig]):
    """The discriminator is not told the class: it names it, and the generator makes samples whose class is plain."""

    Config = ACGANConfig
    z_prior = "uniform"
    conditional = True

    def build(self) -> None:
        config, classes = self.config, len(self.spec.classes)
        self.generator = generator_for(self.spec, config.latent, config.width, config.widths, classes)
        self.discriminator = discriminator_for(self.spec, config.width, config.widths, outputs=1 + classes)

    def judge(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The logit of being real (B, 1), and the classes' logits (B, K)."""
        scores = self.discriminator(x)
        return scores[:, :1], scores[:, 1:].float()

    def classify(self, x: Tensor) -> Tensor:
        return self.judge(x)[1]

    def realness(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self.judge(x)[0].float().flatten()

    def discriminator_objective(self, batch: Batch) -> Losses:
        """Minimise -L_S - L_C (equations 2 and 3): the class is named on real and on generated examples."""
        with torch.no_grad():
            fake = self.generate(self.prior(batch.noise), batch.y)
        (d_real, real), (d_fake, generated) = self.judge(batch.x), self.judge(fake)
        source = discriminator_minimax(d_real, d_fake)
        label = cross_entropy(real, self._y(batch)) + cross_entropy(generated, self._y(batch))
        right = (real.argmax(1) == batch.y).float().mean()
        return {"loss": source + label, "source": source, "class": label, "accuracy": right}

    def generator_objective(self, batch: Batch) -> Losses:
        """Minimise L_S - L_C, L_S in the non-saturating form of Goodfellow et al. 2014, section 3."""
        d_fake, generated = self.judge(self.generate(self.prior(batch.noise), batch.y))
        source, label = generator_nonsaturating(d_fake), cross_entropy(generated, self._y(batch))
        return {"loss": source + label, "source": source, "class": label}

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.generator(z, y)

    def _y(self, batch: Batch) -> Tensor:
        assert batch.y is not None
        return batch.y
