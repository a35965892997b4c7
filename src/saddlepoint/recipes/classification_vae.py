"""Classification VAE: the exercise of a course on generative models, after Kingma et al. 2014 (arXiv 1406.5298).

Diederik P. Kingma, Danilo J. Rezende, Shakir Mohamed, Max Welling: Semi-supervised Learning with Deep Generative
Models. NeurIPS 2014.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from saddlepoint.catalogue import Paper, register
from saddlepoint.families import LabelledVariational, VariationalConfig
from saddlepoint.networks.vae import WithHead
from saddlepoint.objectives.classes import belief
from saddlepoint.objectives.divergences import kl_to_standard_normal
from saddlepoint.types import Batch, Losses


class ClassificationVAEConfig(VariationalConfig):
    class_loss: Literal["cross_entropy", "squared"] = "cross_entropy"
    """How a prediction falls short of a known label."""
    class_weight: float = Field(100.0, gt=0)
    """Weight of the class loss beside an example's bound, in nats."""
    dropout: float = Field(0.5, ge=0, lt=1)
    """Share of the features hidden at random from the classifier's head in training."""


@register(
    "classification_vae",
    group="variational",
    paper=Paper(
        title="Semi-supervised Learning with Deep Generative Models",
        authors="Kingma, Diederik P. and Rezende, Danilo J. and Mohamed, Shakir and Welling, Max",
        year=2014,
        venue="NeurIPS",
        arxiv="1406.5298",
    ),
)
class ClassificationVAE(LabelledVariational[ClassificationVAEConfig]):
    """A VAE whose encoder also names the class, which its decoder is told: the label, or else the prediction."""

    Config = ClassificationVAEConfig

    def build(self) -> None:
        classes = len(self.spec.classes)
        self.build_pair(classes=classes, told=False)
        assert isinstance(self.encoder, nn.Sequential)
        self.encoder = WithHead(self.encoder, classes, self.config.dropout)

    def objective(self, batch: Batch, labelled: Batch) -> Losses:
        """-E log p(x|z, y) + KL(q(z|x) || p(z)) + class_weight * |y - y'|^2 or -log y'_y.

        y is the label where it is known, and the prediction y' elsewhere; the last term is of known labels only.
        """
        assert labelled.y is not None
        q, logits = self.encoded(batch.x)
        z, y = q.sample(batch.noise.normal(self.config.latent)), belief(logits, batch.y)
        log_likelihood = self.log_likelihood(batch.x, z, y).mean()
        kl = kl_to_standard_normal(q).mean()
        class_loss = self.class_loss(self.classify(labelled.x), labelled.y)
        loss = kl - log_likelihood + self.config.class_weight * class_loss
        return {"loss": loss, "reconstruction": -log_likelihood, "kl": kl, "class_loss": class_loss}

    def class_loss(self, logits: Tensor, y: Tensor) -> Tensor:
        """The mean over a batch."""
        if self.config.class_loss == "cross_entropy":
            return cross_entropy(logits, y)
        return (belief(logits) - one_hot(y, logits.shape[1])).square().sum(1).mean()

    def classify(self, x: Tensor) -> Tensor:
        return self.encoded(x)[1]

    def encode(self, x: Tensor) -> Tensor:
        return self.posterior(x).mean
