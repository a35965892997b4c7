"""Sohn, Lee & Yan 2015, "Learning Structured Output Representation using Deep Conditional Generative Models"."""

from __future__ import annotations

from saddlepoint.catalogue import Paper, register
from saddlepoint.families import Variational, VariationalConfig
from saddlepoint.types import Batch, Losses


class CVAEConfig(VariationalConfig):
    pass


@register(
    "cvae",
    group="variational",
    paper=Paper(
        title="Learning Structured Output Representation using Deep Conditional Generative Models",
        authors="Sohn, Kihyuk and Lee, Honglak and Yan, Xinchen",
        year=2015,
        venue="NeurIPS",
    ),
)
class CVAE(Variational[CVAEConfig]):
    """Conditional VAE: encoder and decoder are told the label, which the code then need not hold."""

    Config = CVAEConfig
    conditional = True

    def build(self) -> None:
        self.build_pair(classes=len(self.spec.classes))

    def objective(self, batch: Batch) -> Losses:
        """Minus a bound on log p(x|y): -log p(x|z, y) + KL(q(z|x, y) || p(z)) (equation 4), in nats per example."""
        log_likelihood, kl = self.terms(batch.x, batch.noise, batch.y)
        return {"loss": (kl - log_likelihood).mean(), "reconstruction": -log_likelihood.mean(), "kl": kl.mean()}
