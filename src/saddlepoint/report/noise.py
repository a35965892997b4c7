"""Is a difference between two methods more than the luck of their seeds?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean, variance

QUANTILES = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""Student's t, 95% two-sided, of 1 to 10 degrees of freedom."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One method's mean score minus another's. noise: half the width of its 95% interval; None where no method was
    trained with two seeds, so that nothing is known of it."""

    value: float
    noise: float | None
    seeds: tuple[int, int]

    @property
    def verdict(self) -> str:
        if self.noise is None:
            return "noise unknown"
        return "within seed noise" if abs(self.value) <= self.noise else "beyond seed noise"


def difference(ours: Mapping[int, float], theirs: Mapping[int, float]) -> Difference:
    """Compare scores by seed, one at least of each, all finite: Student's two-sample t, of equal noise in both.

    A method of one seed is taken to be as noisy as the other one; two of one seed each leave no way to tell.
    """
    a, b = list(ours.values()), list(theirs.values())
    value, freedom = fmean(a) - fmean(b), len(a) + len(b) - 2
    if not freedom:
        return Difference(value=value, noise=None, seeds=(len(a), len(b)))
    squares = sum((len(part) - 1) * variance(part) for part in (a, b) if len(part) > 1)
    noise = quantile(freedom) * math.sqrt(squares / freedom * (1 / len(a) + 1 / len(b)))
    return Difference(value=value, noise=noise, seeds=(len(a), len(b)))


def quantile(freedom: int) -> float:
    """Beyond the table 1.96 + 2.6 / freedom, which is within half a percent."""
    return QUANTILES[freedom - 1] if freedom <= len(QUANTILES) else 1.96 + 2.6 / freedom
