"""Objectives that pull a generator's samples to where the discriminator cannot tell, D = 1/2.

Hjelm et al. 2018 (arXiv 1702.08431). Logits are D before its sigmoid, so exp(logit) = D / (1 - D), which at the best D
is p_data / p_g: the weight by which a sample must count for the generator's samples to be distributed as the data.
All reduce in float32 (float64 stays) and return a scalar to be minimised.
"""

from __future__ import annotations

import torch
from torch import Tensor


def importance_weights(logits: Tensor) -> Tensor:
    """D / (1 - D) of each sample over its sum: (B, M) -> (B, M), rows that sum to 1. Section 2.3, equation 10.

    M samples of one z estimate the unknown normaliser of the weights, so only their ratios count.
    """
    return _wide(logits).softmax(dim=1)


def generator_discrete(logits: Tensor, log_prob: Tensor) -> Tensor:
    """-E_z sum_m w_m log g(x_m | z). Its gradient is the policy gradient of equation 11, which needs none through D.

    logits: (B, M) D's of M samples x_m ~ g(x | z) of each z; log_prob: (B, M) log g(x_m | z), of any distribution
    that can be evaluated, such as Bernoulli pixels or categories.
    """
    assert logits.shape == log_prob.shape
    return -(importance_weights(logits.detach()) * _wide(log_prob)).sum(1).mean()


def generator_continuous(logits: Tensor) -> Tensor:
    """E 1/2 (log D(G(z)) - log(1 - D(G(z))))^2, half the squared logit. Section 3, equation 16.

    Smallest on the decision boundary, not beyond it: its gradient ends where D answers 1/2.
    """
    return 0.5 * _wide(logits).square().mean()


def _wide(x: Tensor) -> Tensor:
    return x.to(torch.promote_types(x.dtype, torch.float32))
