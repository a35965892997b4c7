"""Nearest neighbours in Euclidean distance, by brute force in chunks."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

CHUNK = 1000


def distances(x: Tensor, y: Tensor) -> Tensor:
    """(N, M) Euclidean distances of (N, d) and (M, d), in float64: the product form loses too much in float32."""
    x, y = x.double(), y.double()
    squared = torch.addmm(y.square().sum(1), x, y.T, alpha=-2)  # in place from here on: N x M is large
    return squared.add_(x.square().sum(1, keepdim=True)).clamp_(min=0).sqrt_()


def nearest(queries: Tensor, pool: Iterable[Tensor], k: int = 1) -> tuple[Tensor, Tensor]:
    """Distances and positions, both (N, k) with the nearest first, of the nearest k of a pool that comes in chunks.

    queries: (N, d). pool: consecutive (M_i, d) parts. A pool of fewer than k gives as many as it has.
    """
    best = torch.empty(len(queries), 0, dtype=torch.float64)
    where = torch.empty(len(queries), 0, dtype=torch.int64)
    start = 0
    for part in pool:
        positions = torch.arange(start, start + len(part)).expand(len(queries), -1)
        best, where = torch.cat([best, distances(queries, part)], 1), torch.cat([where, positions], 1)
        best, order = best.topk(min(k, best.shape[1]), largest=False)
        where = where.gather(1, order)
        start += len(part)
    return best, where


def memorisation(samples: Tensor, held_out: Tensor, train: Tensor) -> float:
    """Mean distance of samples to their nearest training example, over the same mean for held-out examples.

    1: samples are as far from the training set as new data is. Well below 1: samples repeat the training set.
    Poor samples lie far from everything, so a high value alone says nothing good.
    """
    ours = nearest(samples, train.split(CHUNK))[0].mean()
    theirs = nearest(held_out, train.split(CHUNK))[0].mean()
    return float(ours / theirs) if theirs > 0 else float("inf") if ours > 0 else 1.0
