"""An encoder and a decoder that raise one lower bound: Kingma & Welling 2014 (arXiv 1312.6114)."""

from __future__ import annotations

import abc
from collections.abc import Iterator
from typing import TypeVar

from pydantic import Field
from torch import Tensor

from saddlepoint.distributions import DiagonalNormal, planar_flows, standard_normal_log_prob
from saddlepoint.families.encoder_decoder import EncoderDecoder, EncoderDecoderConfig
from saddlepoint.objectives.divergences import kl_to_standard_normal
from saddlepoint.recipe import Player, Update
from saddlepoint.types import Batch, Losses, Noise


class VariationalConfig(EncoderDecoderConfig):
    lr: float = Field(1e-3, gt=0)
    """Adam's learning rate."""


C = TypeVar("C", bound=VariationalConfig)


class Variational(EncoderDecoder[C], abc.ABC):
    """All that is `averaged` is one player, and learns from one objective.

    A conditional recipe's networks are told the labels; all it computes is then given them.
    """

    @abc.abstractmethod
    def objective(self, batch: Batch) -> Losses: ...

    def players(self) -> dict[str, Player]:
        return {"vae": Player(modules=tuple(getattr(self, name) for name in self.averaged), lr=self.config.lr)}

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        update("vae", self.objective, next(batches))

    def terms(self, x: Tensor, noise: Noise, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """log p(x|z) for one z ~ q(z|x), and KL(q(z|x) || p(z)): each (B,), in nats. The ELBO is their difference.

        The KL is in closed form, or with flows of this z.
        """
        q, flows = self.encoded(x, y)
        z, log_q = flowed(q, flows, noise.normal(self.config.latent))
        kl = log_q - standard_normal_log_prob(z) if flows.shape[1] else kl_to_standard_normal(q)
        return self.log_likelihood(x, z, y), kl

    def elbo(self, x: Tensor, noise: Noise, y: Tensor | None = None) -> Tensor:
        """Equation 3 with one sample of z and the KL in closed form."""
        log_likelihood, kl = self.terms(x, noise, y)
        return log_likelihood - kl

    def log_weights(self, x: Tensor, noise: Noise, k: int, y: Tensor | None = None) -> Tensor:
        """log p(x|z) + log p(z) - log q(z|x) of k draws z from q(z|x), in nats: (k, B)."""
        q, flows = self.encoded(x, y)
        z, log_q = flowed(q, flows, noise.normal(k, self.config.latent).transpose(0, 1))
        return self.log_joint(x, z, y) - log_q

    def log_joint(self, x: Tensor, z: Tensor, y: Tensor | None = None) -> Tensor:
        """log p(x|z) + log p(z) in nats, (k, B), for z of shape (k, B, latent)."""
        k = len(z)
        labels = None if y is None else y.repeat(k, *[1] * (y.ndim - 1))
        log_likelihood = self.log_likelihood(x.repeat(k, *[1] * (x.ndim - 1)), z.flatten(0, 1), labels)
        return log_likelihood.view(k, len(x)) + standard_normal_log_prob(z)

    def code(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """The mean of q(z|x), (B, latent); with flows, what they make of the mean."""
        q, flows = self.encoded(x, y)
        return planar_flows(q.mean, flows)[0]


def flowed(q: DiagonalNormal, flows: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """z from noise (..., B, D) and log q(z|x), for a normal that planar flows reshape (`encoded` gives both)."""
    start = q.sample(noise)
    z, log_det = planar_flows(start, flows)
    return z, q.log_prob(start) - log_det
