"""Kingma & Welling 2014, "Auto-Encoding Variational Bayes" (arXiv 1312.6114)."""

from __future__ import annotations

from torch import Tensor

from saddlepoint.catalogue import Paper, register
from saddlepoint.families import Variational, VariationalConfig
from saddlepoint.types import Batch, Losses


class VAEConfig(VariationalConfig):
    pass


@register(
    "vae",
    group="variational",
    paper=Paper(
        title="Auto-Encoding Variational Bayes",
        authors="Kingma, Diederik P. and Welling, Max",
        year=2014,
        venue="International Conference on Learning Representations",
        arxiv="1312.6114",
    ),
)
class VAE(Variational[VAEConfig]):
    """Variational autoencoder: an encoder and a decoder that raise one lower bound on the likelihood."""

    Config = VAEConfig

    def build(self) -> None:
        self.build_pair()

    def objective(self, batch: Batch) -> Losses:
        """-ELBO (eq. 3) with one sample of z and the KL in closed form (eq. 7), in nats per example."""
        log_likelihood, kl = self.terms(batch.x, batch.noise)
        return {"loss": (kl - log_likelihood).mean(), "reconstruction": -log_likelihood.mean(), "kl": kl.mean()}

    def encode(self, x: Tensor) -> Tensor:
        return self.posterior(x).mean
