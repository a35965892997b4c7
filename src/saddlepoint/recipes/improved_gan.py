"""Improved GAN.

Tim Salimans, Ian Goodfellow, Wojciech Zaremba, Vicki Cheung, Alec Radford, Xi Chen: Improved Techniques for Training
GANs. NeurIPS 2016, arXiv 1606.03498.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import cross_entropy

from saddlepoint.catalogue import Paper, register
from saddlepoint.distributed import whole_batch
from saddlepoint.errors import UserError
from saddlepoint.families import SemiSupervised, SemiSupervisedConfig
from saddlepoint.networks.history import History
from saddlepoint.objectives.adversarial import discriminator_minimax, generator_nonsaturating
from saddlepoint.recipe import Batches, Update
from saddlepoint.types import Batch, Losses


class ImprovedGANConfig(SemiSupervisedConfig):
    # Defaults are the authors' semi-supervised MNIST experiment; the preset has what the paper does for samples.
    feature_matching: bool = True
    """G matches the mean of D's last hidden layer, section 3.1; else it plays the non-saturating loss."""
    minibatch_discrimination: bool = False
    """D sees how close each example is to its batch, section 3.2."""
    history: float = Field(0.0, ge=0)
    """Weight of historical averaging, section 3.3, which pulls both players to the mean of their past; 0: none."""
    real_target: float = Field(1.0, gt=0.5, le=1)
    """What D is to answer to data: one-sided label smoothing, section 3.4, says 0.9."""
    virtual_batch_norm: bool = False
    """G's batch norm takes a fixed reference batch, section 3.5."""


@register(
    "improved_gan",
    paper=Paper(
        title="Improved Techniques for Training GANs",
        authors="Salimans, Tim and Goodfellow, Ian and Zaremba, Wojciech and Cheung, Vicki and Radford, Alec and "
        "Chen, Xi",
        year=2016,
        venue="NeurIPS",
        arxiv="1606.03498",
    ),
    group="semi-supervised",
    presets={
        "improved_gan_unsupervised": {
            "supervised": False,
            "feature_matching": False,
            "minibatch_discrimination": True,
            "real_target": 0.9,
            "virtual_batch_norm": True,
            "network": "standard",
            "lr": 3e-4,
        }
    },
)
class ImprovedGAN(SemiSupervised[ImprovedGANConfig]):
    """A discriminator that also names the class learns from a few labels; with five techniques for stable training."""

    Config = ImprovedGANConfig
    eps = 1e-4
    """Theirs stands within the root, sqrt(v + 1e-8), where small gradients make it a floor of 1e-4."""

    def build(self) -> None:
        config = self.config
        if config.network == "standard" and self.spec.kind == "points" and config.virtual_batch_norm:
            raise UserError("virtual_batch_norm=True: the standard networks of points have no batch norm.")
        self.build_pair(
            max(self.classes, 1), virtual=config.virtual_batch_norm, minibatch=config.minibatch_discrimination
        )
        if config.history:
            self.g_past, self.d_past = History(self.generator), History(self.discriminator)

    def step(self, batches: Batches, update: Update, t: int) -> None:
        super().step(batches, update, t)
        if self.config.history:
            self.d_past.remember(self.discriminator)
            self.g_past.remember(self.generator)

    def discriminator_objective(self, batch: Batch, labelled: Batch | None) -> Losses:
        """Section 5: with logits l of K classes and 0 for "generated", D = Z / (Z + 1), Z(x) = sum_k exp l_k(x).

        Without labels K = 1, and D is the usual one. As in the authors' code the two halves of the unsupervised loss
        weigh 1/2 each beside the supervised one.
        """
        with torch.no_grad():
            fake = self.generate(self.prior(batch.noise))
        logits = self.discriminator.each(batch.x, fake, *([labelled.x] if labelled else []))
        real, fake = map(log_evidence, logits[:2])
        # -a log D - (1 - a) log(1 - D), section 3.4, is -log D + (1 - a) log Z
        loss = discriminator_minimax(real, fake) + (1 - self.config.real_target) * real.mean()
        losses = {"d_real": real.sigmoid().mean(), "d_fake": fake.sigmoid().mean()}
        if labelled:
            assert labelled.y is not None
            losses["class_loss"] = cross_entropy(logits[2].float(), labelled.y)
            loss = losses["class_loss"] + loss / 2
        if self.config.history:
            loss = loss + self.config.history * self.d_past.distance(self.discriminator)
        return {"loss": loss, **losses}

    def generator_objective(self, batch: Batch) -> Losses:
        """Section 3.1: |E f(x) - E f(G(z))|^2 of D's last hidden layer f; or, without it, -E log D(G(z))."""
        fake = self.generate(self.prior(batch.noise))
        if self.config.feature_matching:
            f_fake, f_real = (whole_batch(self.discriminator.features(x).float()).mean(0) for x in (fake, batch.x))
            loss = (f_real - f_fake).square().mean()
        else:
            loss = generator_nonsaturating(log_evidence(self.discriminator(fake)))
        if self.config.history:
            loss = loss + self.config.history * self.g_past.distance(self.generator)
        return {"loss": loss}

    def realness(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return log_evidence(self.discriminator(x)).float().flatten()


def log_evidence(logits: Tensor) -> Tensor:
    """log Z = log sum_k exp l_k, the logit of D: (B, K) -> (B,)."""
    return logits.float().logsumexp(1)
