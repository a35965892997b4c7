"""Bounds on the likelihood of examples whose class may not be known.

Diederik P. Kingma, Danilo J. Rezende, Shakir Mohamed, Max Welling: Semi-supervised Learning with Deep Generative
Models. NeurIPS 2014, arXiv 1406.5298.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import one_hot


def belief(logits: Tensor, y: Tensor | None = None) -> Tensor:
    """A probability of each class, (B, K): all on the label y (B,) where it is known, q(y|x) where y is -1."""
    q = logits.float().softmax(1)
    if y is None:
        return q
    known = one_hot(y.clamp_min(0), logits.shape[1]).to(q.dtype)
    return q.where((y < 0)[:, None], known)


def class_bound(bounds: Tensor, q: Tensor) -> Tensor:
    """A bound on log p(x) in nats, (B,), from bounds on log p(x|y) for each class, (B, K), all classes as likely.

    sum_y q(y|x) (bound_y + log p(y)) + H[q(y|x)], equation 7; where q has all on one class, equation 6: the bound on
    log p(x, y).
    """
    log_q = q.clamp_min(torch.finfo(q.dtype).tiny).log()  # a class ruled out has a finite gradient
    return (q * (bounds - math.log(q.shape[1]) - log_q)).sum(1)
