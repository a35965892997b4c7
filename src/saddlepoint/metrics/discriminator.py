"""What a discriminator knows of two distributions whose densities are known (Goodfellow et al. 2014, section 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

SUPPORT = 1e-3
"""Density of (p + q) / 2 below which training has hardly seen a point, so that the largest distance leaves it out."""


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """mean, largest: |D - D*| on average under (p + q) / 2, and at most where that is above `SUPPORT`; value: what D
    gets of V(D) = E_p log D + E_q log(1 - D), in nats; best: the most there is to get, 2 JS(p, q) - log 4."""

    mean: float
    largest: float
    value: float
    best: float

    @property
    def shortfall(self) -> float:
        """How far the value lies below the best; 0 for D* alone."""
        return self.best - self.value


def knowledge(logits: Tensor, log_p: Tensor, log_q: Tensor, x: Tensor) -> Knowledge:
    """How a discriminator of these logits, D = sigmoid(logit), compares with D* = p / (p + q) (proposition 1).

    All (N,), at increasing numbers x that reach from where p and q begin to where they end; by the trapezoid rule.
    """
    logits, log_p, log_q, x = (values.detach().double().cpu() for values in (logits, log_p, log_q, x))
    p, q = log_p.exp(), log_q.exp()
    optimal = log_p - log_q  # D*'s own logits
    apart, middle = (logits.sigmoid() - optimal.sigmoid()).abs(), (p + q) / 2
    return Knowledge(
        mean=_integral(apart * middle, x),
        largest=float(apart[middle > SUPPORT].max()),
        value=_integral(p * F.logsigmoid(logits) + q * F.logsigmoid(-logits), x),
        best=_integral(p * F.logsigmoid(optimal) + q * F.logsigmoid(-optimal), x),
    )


def jensen_shannon(log_p: Tensor, log_q: Tensor, x: Tensor) -> float:
    """JS(p, q) in nats, from 0 to log 2, of log densities (N,) at numbers x (N,)."""
    log_p, log_q, x = (values.detach().double().cpu() for values in (log_p, log_q, x))
    log_m = torch.logaddexp(log_p, log_q) - math.log(2)
    return _integral(log_p.exp() * (log_p - log_m) + log_q.exp() * (log_q - log_m), x) / 2


def _integral(values: Tensor, x: Tensor) -> float:
    return float(torch.trapezoid(values, x))
