"""How a generator treats the known modes of a distribution."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.metrics.neighbours import distances

SHARE = 0.2  # of a mode's fair share of samples: a stray sample does not cover a mode
REACH = 3.0  # standard deviations


@dataclass(frozen=True, kw_only=True)
class Modes:
    """modes: how many there are; covered: how many got at least `SHARE` of their fair share of good samples, and
    touched: at least one; high_quality: share of good samples, those within `REACH` standard deviations of a mode.

    reverse_kl: KL(samples' shares of the modes || their true weights) in nats, what VEEGAN and PacGAN call reverse KL.
    It is finite whatever is missing, and n samples of K modes drawn from the truth itself get about (K - 1) / (2n).
    forward_kl: KL(true weights || samples' shares), infinite as soon as a mode has no sample.
    """

    modes: int
    covered: int
    touched: int
    high_quality: float
    reverse_kl: float
    forward_kl: float


def mode_coverage(samples: Tensor, centres: Tensor, sigma: float | Tensor, weights: Tensor | None = None) -> Modes:
    """Assign (N, D) samples to the nearest of (K, D) centres of standard deviation sigma (one, or (K,)).

    weights: (K,) true weights, equal by default. The counts follow Srivastava et al. 2017 (VEEGAN) and
    Lin et al. 2018 (PacGAN).
    """
    number = len(centres)
    apart, mode = distances(samples, centres).min(1)
    good = apart <= REACH * torch.as_tensor(sigma, dtype=torch.float64).expand(number)[mode]
    return count_modes(mode, good, torch.ones(number) if weights is None else weights)


def count_modes(mode: Tensor, good: Tensor, weights: Tensor) -> Modes:
    """mode: int64 (N,) that each sample is nearest to; good: bool (N,) whether near enough to count as one of it;
    weights: (K,) of the modes, up to a factor. The divergences are of all samples, good or not."""
    assert len(mode) > 0
    number, truth = len(weights), weights.double() / weights.double().sum()
    share = torch.bincount(mode, minlength=number).double() / len(mode)
    good_share = torch.bincount(mode[good], minlength=number).double() / len(mode)
    return Modes(
        modes=number,
        covered=int(((good_share >= SHARE * truth) & (good_share > 0)).sum()),
        touched=int((good_share > 0).sum()),
        high_quality=float(good.double().mean()),
        reverse_kl=kl_divergence(share, truth),
        forward_kl=kl_divergence(truth, share),
    )


def kl_divergence(p: Tensor, q: Tensor) -> float:
    """KL(p || q) in nats of two distributions (K,); infinite where q misses what p has."""
    # no sum of such shares is below zero but by rounding
    return max(float((torch.special.xlogy(p, p) - torch.special.xlogy(p, q)).sum()), 0.0)
