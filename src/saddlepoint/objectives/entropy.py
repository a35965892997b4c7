"""Entropies of predicted categories, in nats. Logits are (B, K); what is returned is a scalar, in float32 or better."""

from __future__ import annotations

import torch
from torch import Tensor


def conditional_entropy(logits: Tensor) -> Tensor:
    """E_x H[p(y|x)]: how unsure each prediction is, between 0 and log K. Springenberg 2016, equation 4."""
    log_p = _log_probabilities(logits)
    return -(log_p.exp() * log_p).sum(1).mean()


def marginal_entropy(logits: Tensor) -> Tensor:
    """H[E_x p(y|x)]: how evenly the categories are used by the batch, between 0 and log K. Equation 6."""
    p = _log_probabilities(logits).exp().mean(0)
    return -(p * p.clamp_min(torch.finfo(p.dtype).tiny).log()).sum()


def _log_probabilities(logits: Tensor) -> Tensor:
    return logits.to(torch.promote_types(logits.dtype, torch.float32)).log_softmax(1)
