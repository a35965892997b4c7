"""Burda, Grosse & Salakhutdinov 2016, "Importance Weighted Autoencoders" (arXiv 1509.00519)."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field
from torch import Tensor

from saddlepoint.catalogue import Paper, register
from saddlepoint.families import Variational, VariationalConfig
from saddlepoint.types import Batch, Losses


class IWAEConfig(VariationalConfig):
    k: int = Field(50, ge=1)
    """Draws of z for each example."""
    gradient: Literal["reparameterised", "doubly"] = "reparameterised"
    """Of the encoder: the bound's own, or the doubly reparameterised one (Tucker et al. 2019, arXiv 1810.04152), whose
    signal does not drown in noise as k grows."""
    latent: int = Field(50, ge=1)
    """Dimensions of z."""
    hidden: int = Field(200, ge=1)
    """Units in each hidden layer of the dense networks."""
    layers: int = Field(2, ge=1)
    """Hidden layers of the dense networks."""


@register(
    "iwae",
    group="variational",
    paper=Paper(
        title="Importance Weighted Autoencoders",
        authors="Burda, Yuri and Grosse, Roger and Salakhutdinov, Ruslan",
        year=2016,
        venue="International Conference on Learning Representations",
        arxiv="1509.00519",
    ),
    presets={"iwae_dreg": {"gradient": "doubly"}},
)
class IWAE(Variational[IWAEConfig]):
    """Importance weighted autoencoder: k draws of the code, averaged inside the logarithm, tighten the bound."""

    Config = IWAEConfig

    def build(self) -> None:
        self.build_pair()

    def objective(self, batch: Batch) -> Losses:
        """-log 1/k sum_i w_i, w_i = p(x, z_i) / q(z_i|x), z_i ~ q(z|x) (equation 8), in nats per example."""
        q = self.posterior(batch.x)
        z = q.sample(batch.noise.normal(self.config.k, self.config.latent).transpose(0, 1))
        if self.config.gradient == "doubly":
            log_w = self.log_joint(batch.x, z) - q.detach().log_prob(z)
            loss = doubly_reparameterised(log_w, z)
        else:
            log_w = self.log_joint(batch.x, z) - q.log_prob(z)
            loss = -log_mean(log_w)
        return {"loss": loss.mean(), "elbo": log_w.mean()}

    def encode(self, x: Tensor) -> Tensor:
        return self.code(x)


NEGLIGIBLE = 25.0
"""Nats below an example's best draw at which another draw's weight is far below what float32 rounds away. Left in, such
weights fall on into denormal numbers, whose products a CPU takes many times as long for: with 50 draws a training step
took more than twice as long."""


def log_mean(log_w: Tensor) -> Tensor:
    """log 1/k sum_i w_i: (k, B) -> (B,)."""
    return without_negligible(log_w).logsumexp(0) - math.log(len(log_w))


def without_negligible(log_w: Tensor) -> Tensor:
    """log_w, and -inf in place of negligible draws: (k, B) -> (k, B)."""
    return log_w.masked_fill(log_w < log_w.detach().amax(0) - NEGLIGIBLE, -math.inf)


def doubly_reparameterised(log_w: Tensor, z: Tensor) -> Tensor:
    """-log 1/k sum_i w_i, (B,), with another gradient of the encoder, which acts on log_w through z alone.

    Tucker et al. 2019, equation 8: sum_i v_i^2 d log w_i for it, v_i = w_i / sum_j w_j, and sum_i v_i d log w_i for the
    decoder as ever. log_w: (k, B), whose q(z|x) is detached; z: (k, B, D).
    """
    share = without_negligible(log_w.detach()).softmax(0)

    def once_more(gradient: Tensor) -> Tensor:
        return share[..., None] * gradient

    if z.requires_grad:
        z.register_hook(once_more)
    surrogate = (share * log_w).sum(0)
    return surrogate.detach() - surrogate - log_mean(log_w).detach()
