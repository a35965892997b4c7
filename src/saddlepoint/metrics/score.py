"""How sure a classifier is of each sample, and how even it finds them together (Salimans et al. 2016)."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.metrics.jackknife import BLOCKS, blocks, standard_error


def classifier_score(logits: Tensor) -> tuple[float, float | None]:
    """exp of the mean KL(p(y|x) || p(y)) over (N, K) logits, and its standard error: between 1 and K.

    All samples make one p(y), where the paper averages ten splits; with few samples either is biased low.
    """
    log_p = logits.double().log_softmax(1)
    p = log_p.exp()
    negative_entropy = (p * log_p).sum(1)

    def score(negative_entropy: Tensor, p: Tensor) -> Tensor:
        marginal = p.mean(0)
        return (negative_entropy.mean() - torch.special.xlogy(marginal, marginal).sum()).exp()

    value = float(score(negative_entropy, p))
    if len(p) < 2:
        return value, None
    kept = torch.ones(len(p), dtype=torch.bool)
    left_out: list[Tensor] = []
    for block in blocks(len(p), min(BLOCKS, len(p))):
        kept[block] = False
        left_out.append(score(negative_entropy[kept], p[kept]))
        kept[block] = True
    return value, standard_error(torch.stack(left_out))
