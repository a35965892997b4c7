"""Kernel distance (Bińkowski et al. 2018, arXiv 1801.01401): the unbiased squared MMD of features."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.metrics.jackknife import BLOCKS, blocks, standard_error

KERNEL = "(x.y/d + 1)^3"


def kernel_distance(x: Tensor, y: Tensor) -> tuple[float, float | None]:
    """The unbiased MMD² of (N, d) and (M, d) under `KERNEL`, and its standard error.

    All pairs are used, where the paper averages over random subsets: the expectation is the same and the variance
    smaller. It may be below 0. N and M must be 2 or more; below 4 there is no standard error.
    """
    assert min(len(x), len(y)) >= 2
    number = min(BLOCKS, len(x), len(y))
    x_blocks, y_blocks = blocks(len(x), number), blocks(len(y), number)
    xx, yy = _block_sums(x, x_blocks, x, x_blocks, same=True), _block_sums(y, y_blocks, y, y_blocks, same=True)
    xy = _block_sums(x, x_blocks, y, y_blocks, same=False)
    n, m = (torch.tensor([len(b) for b in part], dtype=torch.float64) for part in (x_blocks, y_blocks))

    def mmd(xx: Tensor, yy: Tensor, xy: Tensor, n: Tensor, m: Tensor) -> Tensor:
        return xx / (n * (n - 1)) + yy / (m * (m - 1)) - 2 * xy / (n * m)

    value = float(mmd(xx.sum(), yy.sum(), xy.sum(), n.sum(), m.sum()))
    if min(len(x), len(y)) < 4:
        return value, None
    left_out = mmd(_without(xx), _without(yy), _without(xy), n.sum() - n, m.sum() - m)
    return value, standard_error(left_out)


def _block_sums(x: Tensor, x_blocks: list[Tensor], y: Tensor, y_blocks: list[Tensor], *, same: bool) -> Tensor:
    """(G, G) sums of the kernel over pairs of blocks, an example never paired with itself."""
    x, y = x.double(), y.double()
    y, one = y[torch.cat(y_blocks)], torch.ones((), dtype=torch.float64)
    sizes = [len(block) for block in y_blocks]
    rows: list[Tensor] = []
    for g, block in enumerate(x_blocks):
        kernel = torch.addmm(one, x[block], y.T, alpha=1 / x.shape[1]).pow_(3)
        row = torch.stack([part.sum() for part in kernel.split(sizes, 1)])
        if same:
            row[g] -= ((x[block].square().sum(1) / x.shape[1] + 1) ** 3).sum()
        rows.append(row)
    return torch.stack(rows)


def _without(sums: Tensor) -> Tensor:
    """(G,) totals of (G, G) sums, each without one row and column."""
    return sums.sum() - sums.sum(0) - sums.sum(1) + sums.diagonal()
