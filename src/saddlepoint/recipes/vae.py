"""Kingma & Welling 2014, "Auto-Encoding Variational Bayes" (arXiv 1312.6114)."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from saddlepoint.catalogue import Paper, register
from saddlepoint.errors import UserError
from saddlepoint.families import Variational, VariationalConfig
from saddlepoint.objectives.divergences import kl_per_dimension
from saddlepoint.types import Batch, Losses


class VAEConfig(VariationalConfig):
    beta: float = Field(1.0, ge=0)
    """Weight of the KL in training: above 1 as in Higgins et al. 2017, the code keeps less of the example."""
    free_bits: float = Field(0.0, ge=0)
    """Nats of KL that each latent dimension has for nothing (Kingma et al. 2016, arXiv 1606.04934, section C.8)."""
    flows: int = Field(0, ge=0)
    """Planar flows that bend the posterior (Rezende & Mohamed 2015, arXiv 1505.05770); 0: a diagonal normal."""


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
    presets={"beta_vae": {"beta": 4.0}, "flow_vae": {"flows": 10}},
)
class VAE(Variational[VAEConfig]):
    """Variational autoencoder: an encoder and a decoder that raise one lower bound on the likelihood."""

    Config = VAEConfig

    def build(self) -> None:
        config = self.config
        if config.free_bits and config.flows:
            raise UserError(
                f"free_bits={config.free_bits} needs the KL of each dimension, which flows={config.flows} mix."
            )
        self.build_pair(extra=config.flows * (2 * config.latent + 1))

    def objective(self, batch: Batch) -> Losses:
        """-ELBO (eq. 3) with one sample of z and the KL in closed form (eq. 7), in nats per example."""
        if self.config.free_bits:
            q = self.posterior(batch.x)
            log_likelihood = self.log_likelihood(batch.x, q.sample(batch.noise.normal(self.config.latent)))
            each = kl_per_dimension(q)
            kl, paid = each.sum(1), each.clamp(min=self.config.free_bits).sum(1)
        else:
            log_likelihood, kl = self.terms(batch.x, batch.noise)
            paid = kl
        loss = (self.config.beta * paid - log_likelihood).mean()
        return {"loss": loss, "reconstruction": -log_likelihood.mean(), "kl": kl.mean()}

    def encode(self, x: Tensor) -> Tensor:
        return self.code(x)
