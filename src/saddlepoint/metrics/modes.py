"""How a generator treats the known modes of a toy distribution."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.metrics.neighbours import distances

SHARE = 0.2  # of a mode's fair share of samples: a stray sample does not cover a mode
REACH = 3.0  # standard deviations


@dataclass(frozen=True, kw_only=True)
class Modes:
    """modes: how many there are; covered: how many got at least `SHARE` of their fair share of good samples;
    high_quality: share of samples within `REACH` standard deviations of their nearest mode;
    kl: KL(samples' share of each mode || its true weight) in nats."""

    modes: int
    covered: int
    high_quality: float
    kl: float


def mode_coverage(samples: Tensor, centres: Tensor, sigma: float | Tensor, weights: Tensor | None = None) -> Modes:
    """Assign (N, D) samples to the nearest of (K, D) centres of standard deviation sigma (one, or (K,)).

    weights: (K,) true weights, equal by default. The counts follow Srivastava et al. 2017 (VEEGAN) and
    Lin et al. 2018 (PacGAN).
    """
    assert len(samples) > 0
    number = len(centres)
    truth = torch.full((number,), 1 / number) if weights is None else weights / weights.sum()
    truth = truth.double()
    apart, mode = distances(samples, centres).min(1)
    good = apart <= REACH * torch.as_tensor(sigma, dtype=torch.float64).expand(number)[mode]
    share = torch.bincount(mode, minlength=number).double() / len(samples)
    good_share = torch.bincount(mode[good], minlength=number).double() / len(samples)
    return Modes(
        modes=number,
        covered=int(((good_share >= SHARE * truth) & (good_share > 0)).sum()),
        high_quality=float(good.double().mean()),
        kl=float((torch.special.xlogy(share, share) - torch.special.xlogy(share, truth)).sum()),
    )
