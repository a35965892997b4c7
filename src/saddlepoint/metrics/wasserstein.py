"""The exact Wasserstein-1 distance of distributions on a line: the area between their cumulative functions."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Cdf = Callable[[Tensor], Tensor]
"""From points (B, 1) to probabilities (B,)."""


def wasserstein(a: Tensor, b: Tensor) -> float:
    """W1 between two samples of numbers, (N,) and (M,), in their unit."""
    a, b = (x.double().flatten().sort().values for x in (a, b))
    edges = torch.cat([a, b]).sort().values
    below = [torch.searchsorted(x, edges[:-1], right=True) / len(x) for x in (a, b)]
    return float(((below[0] - below[1]).abs() * edges.diff()).sum())


def wasserstein_to(samples: Tensor, cdf: Cdf, steps: int = 100_000) -> float:
    """W1 between a sample (N,) and a distribution, by the midpoint rule over where either has something."""
    x = samples.double().flatten().sort().values
    middle, width = _midpoints(*_range(cdf, float(x[0]), float(x[-1])), steps)
    below = torch.searchsorted(x, middle[:, 0], right=True) / len(x)
    return float((below - cdf(middle)).abs().sum() * width)


def wasserstein_between(p: Cdf, q: Cdf, around: float = 0.0, steps: int = 100_000) -> float:
    """W1 between two distributions, by the midpoint rule over where either has something. around: a number near."""
    low, high = _range(q, *_range(p, around, around))
    middle, width = _midpoints(low, high, steps)
    return float((p(middle) - q(middle)).abs().sum() * width)


def _range(cdf: Cdf, low: float, high: float, negligible: float = 1e-9) -> tuple[float, float]:
    """An interval that holds [low, high] and all but next to nothing of the distribution."""
    reach = 1.0
    while float(cdf(torch.tensor([[low]], dtype=torch.float64))) > negligible:
        low, reach = low - reach, 2 * reach
    reach = 1.0
    while float(cdf(torch.tensor([[high]], dtype=torch.float64))) < 1 - negligible:
        high, reach = high + reach, 2 * reach
    return low, high


def _midpoints(low: float, high: float, steps: int) -> tuple[Tensor, float]:
    """(steps, 1) and the width of a step."""
    width = (high - low) / steps
    return (low + width * (torch.arange(steps, dtype=torch.float64) + 0.5))[:, None], width
