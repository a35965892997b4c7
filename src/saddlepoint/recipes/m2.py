"""M2, the generative semi-supervised model of Kingma et al.

Diederik P. Kingma, Danilo J. Rezende, Shakir Mohamed, Max Welling: Semi-supervised Learning with Deep Generative
Models. NeurIPS 2014, arXiv 1406.5298.
"""

from __future__ import annotations

from pydantic import Field
from torch import Tensor
from torch.nn.functional import cross_entropy

from saddlepoint.catalogue import Paper, register
from saddlepoint.distributions import DiagonalNormal
from saddlepoint.families import LabelledVariational, VariationalConfig
from saddlepoint.objectives.classes import belief, class_bound
from saddlepoint.types import Batch, Losses


class M2Config(VariationalConfig):
    latent: int = Field(50, ge=1)
    """Dimensions of z, which holds all but the class."""
    class_weight: float = Field(0.1, ge=0)
    """Weight of the known labels' cross-entropy beside an example's bound: the paper's alpha is this many times N."""


@register(
    "m2",
    group="variational",
    paper=Paper(
        title="Semi-supervised Learning with Deep Generative Models",
        authors="Kingma, Diederik P. and Rezende, Danilo J. and Mohamed, Shakir and Welling, Max",
        year=2014,
        venue="NeurIPS",
        arxiv="1406.5298",
    ),
)
class M2(LabelledVariational[M2Config]):
    """A VAE with the class among its latents: given where it is known, summed over exactly where it is not."""

    Config = M2Config
    averaged = ("encoder", "decoder", "classifier")

    def build(self) -> None:
        classes = len(self.spec.classes)
        self.build_pair(classes=classes)
        self.classifier = self.make_encoder(classes)

    def objective(self, batch: Batch, labelled: Batch) -> Losses:
        """J^alpha of equation 9 over N: L(x, y) of equation 6 where y is known, U(x) of equation 7 where it is not."""
        assert labelled.y is not None
        q = belief(self.classify(batch.x), batch.y)
        bound = class_bound(self.bounds(batch.x, batch.noise), q).mean()
        class_loss = cross_entropy(self.classify(labelled.x), labelled.y)
        return {"loss": self.config.class_weight * class_loss - bound, "bound": bound, "class_loss": class_loss}

    def classify(self, x: Tensor) -> Tensor:
        return self.classifier(x).float()

    def encode(self, x: Tensor) -> Tensor:
        """The mean of q(z|x, y), the encoder being told q(y|x) for y."""
        return self.posterior(x, belief(self.classify(x))).mean

    def observed(self, z: Tensor, y: Tensor | None) -> DiagonalNormal:
        """p(x|y, z), a normal over points."""
        return self.observation.normal(self.decoder(z, y))
