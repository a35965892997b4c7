"""Ways from one latent to another.

A straight line between two normal draws passes through where the prior has almost no mass: its middle is shorter than
any draw. `spherical` keeps the length, `matched` the distribution: each point of the way is distributed as the prior
is, if its ends are (Agustsson et al. 2019, arXiv 1711.01970).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor

from saddlepoint.errors import UserError
from saddlepoint.priors import Slice

How = Literal["auto", "linear", "spherical", "matched"]
Way = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(a, b, t) -> the points at t: a and b (D,), t (T,) in [0, 1] -> (T, D)."""


def linear(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """(1 - t) a + t b."""
    return torch.lerp(a, b, t[:, None])


def spherical(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Along the great circle from a's direction to b's, the length going evenly from |a| to |b| (Shoemake 1985).

    Opposite directions have no great circle of their own, and a zero has no direction: those go straight.
    """
    lengths = a.norm(), b.norm()
    if min(map(float, lengths)) == 0:
        return linear(a, b, t)
    one, other = a / lengths[0], b / lengths[1]
    angle = torch.atan2((one - other).norm(), (one + other).norm()) * 2
    if float(angle.sin()) < 1e-6:
        return linear(a, b, t)
    t = t[:, None]
    direction = (torch.sin((1 - t) * angle) * one + torch.sin(t * angle) * other) / torch.sin(angle)
    return direction * torch.lerp(lengths[0], lengths[1], t)


def matched_normal(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """The straight line over the standard deviation that it has at t, sqrt((1 - t)² + t²)."""
    return linear(a, b, t) / torch.sqrt((1 - t) ** 2 + t**2)[:, None]


def matched_uniform(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """The straight line between points of the box [-1, 1]^D, each number sent through its distribution function at t.

    (1 - t) U + t U' for independent U, U' on [-1, 1] has a trapezoid for its density, of which one half is
    F(v) = 1/2 + v / (2 l) up to v = l - s, and 1 - (1 - v)² / (8 l s) beyond, for l = max(t, 1 - t), s = 1 - l.
    """
    v = linear(a, b, t)
    large = torch.maximum(t, 1 - t)[:, None]
    small, size = 1 - large, v.abs()
    flat = 0.5 + size / (2 * large)
    slope = 1 - (1 - size).clamp(min=0) ** 2 / (8 * large * small).clamp(min=torch.finfo(v.dtype).tiny)
    return v.sign() * (2 * torch.where(size <= large - small, flat, slope) - 1)


WAYS: dict[str, dict[str, Way]] = {
    "linear": dict.fromkeys(("normal", "uniform", "sphere", "logistic", "category", "learned"), linear),
    "spherical": dict.fromkeys(("normal", "uniform", "sphere", "logistic", "category", "learned"), spherical),
    "matched": {"normal": matched_normal, "uniform": matched_uniform, "sphere": spherical},
    "auto": {
        "normal": spherical,
        "uniform": matched_uniform,
        "sphere": spherical,
        "logistic": spherical,
        "category": linear,
        "learned": linear,
    },
}
"""How -> prior of a slice -> its way."""


def between(a: Tensor, b: Tensor, t: Tensor, slices: Sequence[Slice], how: How = "auto") -> Tensor:
    """Points at t (T,) of the way from a to b, (D,) each: (T, D). Every slice goes the way of its own prior.

    Raises:
        UserError: how=matched for a slice whose prior has no known distribution.
    """
    sizes = [part.size for part in slices]
    assert sum(sizes) == a.shape[0] == b.shape[0], (sizes, a.shape, b.shape)
    made: list[Tensor] = []
    for part, one, other in zip(slices, a.split(sizes), b.split(sizes), strict=True):
        way = WAYS[how].get(part.prior)
        if way is None:
            raise UserError(f"how={how} is for normal and uniform priors, and {part.name} is {part.prior}: use auto.")
        made.append(way(one, other, t))
    return torch.cat(made, 1)


def through(keys: Tensor, frames: int, slices: Sequence[Slice], how: How = "auto", *, loop: bool = False) -> Tensor:
    """`frames` latents, evenly spaced over the ways between neighbouring keys (K, D): (frames, D).

    The first is the first key, the last the last one; with `loop` the way leads back, to just before the first.

    Raises:
        UserError: fewer than two keys; as `between`.
    """
    if len(keys) < 2:
        raise UserError(f"A way needs two latents or more, and this is {len(keys)}.")
    stops = torch.cat([keys, keys[:1]]) if loop else keys
    legs = len(stops) - 1
    places = torch.arange(frames, dtype=keys.dtype) * (legs / (frames if loop else max(frames - 1, 1)))
    made = torch.empty(frames, keys.shape[1], dtype=keys.dtype, device=keys.device)
    for leg in range(legs):
        here = torch.minimum(places.floor(), torch.tensor(legs - 1)) == leg
        if here.any():
            t = (places[here] - leg).to(keys.device)
            made[here] = between(stops[leg], stops[leg + 1], t, slices, how)
    return made
