"""A VAE whose decoder is told the class, known for some examples and believed of the others."""

from __future__ import annotations

import abc
from typing import TypeVar

import torch
from torch import Tensor

from saddlepoint.families.encoder_decoder import EncoderDecoder
from saddlepoint.families.variational import VariationalConfig
from saddlepoint.objectives.classes import belief, class_bound
from saddlepoint.objectives.divergences import kl_to_standard_normal
from saddlepoint.recipe import Batches, Player, Update
from saddlepoint.types import Batch, Losses, Noise

C = TypeVar("C", bound=VariationalConfig)


class LabelledVariational(EncoderDecoder[C], abc.ABC):
    """p(x) = sum_y p(y) p(x|y), all classes as likely, and p(x|y) a VAE's; the class is inferred by `classify`."""

    conditional = True
    takes_unlabelled = True

    @abc.abstractmethod
    def classify(self, x: Tensor) -> Tensor:
        """Logits of q(y|x), (B, K)."""

    @abc.abstractmethod
    def objective(self, batch: Batch, labelled: Batch) -> Losses:
        """labelled: examples whose labels are known; of `batch` a few are."""

    def players(self) -> dict[str, Player]:
        return {"vae": Player(modules=tuple(getattr(self, name) for name in self.averaged), lr=self.config.lr)}

    def step(self, batches: Batches, update: Update, t: int) -> None:
        batch, labelled = next(batches), next(batches.labelled)
        update("vae", lambda part: self.objective(part, labelled), batch)

    def bounds(self, x: Tensor, noise: Noise) -> Tensor:
        """The bound on log p(x|y) for each class y, (B, K), in nats; one draw of noise serves them all."""
        classes, eps = len(self.spec.classes), noise.normal(self.config.latent)
        x, eps, rows = x.repeat_interleave(classes, 0), eps.repeat_interleave(classes, 0), len(x)
        return self.bound(x, eps, torch.arange(classes, device=x.device).repeat(rows)).view(rows, classes)

    def bound(self, x: Tensor, eps: Tensor, y: Tensor) -> Tensor:
        """The bound on log p(x|y), (B,), in nats, by z = mean + std * eps: eps (B, latent), y (B,) or (B, K)."""
        q = self.posterior(x, y)
        return self.log_likelihood(x, q.sample(eps), y) - kl_to_standard_normal(q)

    def elbo(self, x: Tensor, noise: Noise, y: Tensor | None = None) -> Tensor:
        """A bound on log p(x|y); without labels on log p(x), by a sum over the classes."""
        if y is None:
            return class_bound(self.bounds(x, noise), belief(self.classify(x)))
        return self.bound(x, noise.normal(self.config.latent), y)
