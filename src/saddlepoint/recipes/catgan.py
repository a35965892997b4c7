"""Categorical GAN.

Jost Tobias Springenberg: Unsupervised and Semi-supervised Learning with Categorical Generative Adversarial Networks.
ICLR 2016, arXiv 1511.06390.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import cross_entropy

from saddlepoint.catalogue import Paper, register
from saddlepoint.distributed import whole_batch
from saddlepoint.families import SemiSupervised, SemiSupervisedConfig
from saddlepoint.objectives.entropy import conditional_entropy, marginal_entropy
from saddlepoint.types import Batch, Losses


class CatGANConfig(SemiSupervisedConfig):
    categories: int = Field(20, ge=2)
    """Categories to find without labels."""
    label_weight: float = Field(1.0, gt=0)
    """Weight of the cross-entropy of known labels, the paper's lambda."""
    lr: float = Field(2e-4, gt=0)
    """Learning rate of both players."""


@register(
    "catgan",
    paper=Paper(
        title="Unsupervised and Semi-supervised Learning with Categorical Generative Adversarial Networks",
        authors="Springenberg, Jost Tobias",
        year=2016,
        venue="ICLR",
        arxiv="1511.06390",
    ),
    group="semi-supervised",
)
class CatGAN(SemiSupervised[CatGANConfig]):
    """A discriminator that sorts data into categories with certainty, and is to be unsure of samples."""

    Config = CatGANConfig

    def build(self) -> None:
        self.build_pair(self.classes or self.config.categories)

    def discriminator_objective(self, batch: Batch, labelled: Batch | None) -> Losses:
        """Equation 7, and 8 with labels: certain of each example, even over all, unsure of each sample."""
        with torch.no_grad():
            fake = self.generate(self.prior(batch.noise))
        real, fake, *known = self.discriminator.each(batch.x, fake, *([labelled.x] if labelled else []))
        losses = {
            "even": marginal_entropy(whole_batch(real)),
            "unsure_real": conditional_entropy(real),
            "unsure_fake": conditional_entropy(fake),
        }
        loss = losses["unsure_real"] - losses["even"] - losses["unsure_fake"]
        if labelled:
            assert labelled.y is not None
            losses["class_loss"] = cross_entropy(known[0].float(), labelled.y)
            loss = loss + self.config.label_weight * losses["class_loss"]
        return {"loss": loss, **losses}

    def generator_objective(self, batch: Batch) -> Losses:
        """Equation 7: samples of which D is certain, even over the categories."""
        logits = self.discriminator(self.generate(self.prior(batch.noise)))
        return {"loss": conditional_entropy(logits) - marginal_entropy(whole_batch(logits))}

    def categories(self, x: Tensor) -> Tensor:
        """Logits of the classes, or of the categories found without labels: (B, K)."""
        return self.discriminator(x).float()
