"""Walks along the dimensions of a latent: one at a time, or two of them as a map of what the model has learned."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from saddlepoint.errors import UserError
from saddlepoint.priors import Slice

REACH = 0.95
"""Share of the prior between the ends of a walk."""


def quantiles(prior: str, share: Tensor) -> Tensor:
    """The prior's inverse distribution function at shares in (0, 1), elementwise.

    Raises:
        UserError: a prior that has none.
    """
    if prior in ("normal", "sphere"):  # a number of a point on a large sphere is nearly normal
        return torch.special.ndtri(share)
    if prior == "uniform":
        return 2 * share - 1
    if prior == "logistic":
        return torch.logit(share)
    raise UserError(f"A {prior} part of a latent has no quantiles to walk along.")


def prior_of(slices: Sequence[Slice], dimension: int) -> str:
    """What the slice of this dimension is drawn from.

    Raises:
        UserError: there is no such dimension.
    """
    end = 0
    for part in slices:
        end += part.size
        if 0 <= dimension < end:
            return part.prior
    raise UserError(f"dimension {dimension}: this latent has dimensions 0 to {end - 1}.")


def along(z: Tensor, dimension: int, slices: Sequence[Slice], steps: int = 9) -> Tensor:
    """z (D,) with one of its numbers going over the middle `REACH` of its prior: (steps, D)."""
    shares = torch.linspace((1 - REACH) / 2, (1 + REACH) / 2, steps)
    walk = z.repeat(steps, 1)
    walk[:, dimension] = quantiles(prior_of(slices, dimension), shares).to(z)
    return walk


def manifold(z: Tensor, dimensions: tuple[int, int], slices: Sequence[Slice], side: int = 15) -> Tensor:
    """z (D,) with two of its numbers over a grid of equal steps in probability: (side * side, D), row by row.

    The first number grows to the right and the second upwards; every cell holds as much of the prior as any other
    (Kingma & Welling 2014, figure 4).
    """
    shares = (torch.arange(side) + 0.5) / side
    across, up = (quantiles(prior_of(slices, d), shares).to(z) for d in dimensions)
    grid = z.repeat(side * side, 1)
    grid[:, dimensions[0]] = across.repeat(side)
    grid[:, dimensions[1]] = up.flip(0).repeat_interleave(side)
    return grid


def categories(z: Tensor, name: str, slices: Sequence[Slice]) -> Tensor:
    """Latents z (N, D), each with every value of a category in turn: (N * values, D), a latent's values together.

    Raises:
        UserError: there is no such category.
    """
    start = 0
    for part in slices:
        if part.name == name and part.prior == "category":
            made = z.repeat_interleave(part.size, 0)
            made[:, start : start + part.size] = torch.eye(part.size).to(z).repeat(len(z), 1)
            return made
        start += part.size
    known = [part.name for part in slices if part.prior == "category"]
    raise UserError(f"There is no category {name!r} in this latent: it has {', '.join(known) or 'none'}.")


def mix(a: Tensor, b: Tensor, names: Sequence[str], slices: Sequence[Slice]) -> Tensor:
    """a (N, D) with the slices of these names from b.

    Raises:
        UserError: there is no such slice.
    """
    known = [part.name for part in slices]
    if strangers := [name for name in names if name not in known]:
        raise UserError(f"There is no slice {strangers[0]!r} in this latent: it has {', '.join(known)}.")
    sizes = [part.size for part in slices]
    parts = zip(slices, a.split(sizes, 1), b.split(sizes, 1), strict=True)
    return torch.cat([theirs if part.name in names else ours for part, ours, theirs in parts], 1)
