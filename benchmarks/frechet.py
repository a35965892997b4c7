"""The Frechet distance by symmetric eigenproblems against scipy's general matrix root, in one run.

`python benchmarks/frechet.py [DIM] [ROUNDS]`: both on the same features, one after the other in each round.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np
import torch
from scipy import linalg

from saddlepoint.metrics.frechet import Moments, frechet_distance


def by_scipy(a: Moments, b: Moments) -> float:
    root = linalg.sqrtm(a.covariance.numpy() @ b.covariance.numpy())
    spread = a.covariance.trace() + b.covariance.trace() - 2 * np.trace(root.real)
    return float((a.mean - b.mean).square().sum() + spread)


def main(dim: int = 2048, rounds: int = 3) -> None:
    generator = torch.Generator().manual_seed(0)

    def moments() -> Moments:
        mix = torch.randn(dim, dim, generator=generator) / dim**0.5
        return Moments.of(torch.randn(5 * dim, dim, generator=generator) @ mix)

    a, b = moments(), moments()
    times: dict[str, list[float]] = {"ours": [], "scipy": []}
    values: dict[str, float] = {}
    for _ in range(rounds):
        for name, distance in ("ours", frechet_distance), ("scipy", by_scipy):
            start = time.perf_counter()
            values[name] = distance(a, b)
            times[name].append(time.perf_counter() - start)
    ours, scipys = (statistics.median(times[name]) for name in ("ours", "scipy"))
    apart = abs(values["ours"] / values["scipy"] - 1)
    print(f"{dim} dimensions, median of {rounds}: ours {ours:.2f} s, scipy {scipys:.2f} s: {scipys / ours:.1f} times")
    print(f"values {values['ours']:.6f} and {values['scipy']:.6f}, relative difference {apart:.1e}")
    assert apart < 1e-4


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
