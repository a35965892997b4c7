"""f-divergences and their variational bounds. Nowozin et al. 2016 (arXiv 1606.00709), tables 1 and 2.

D_f(P || Q) = E_Q f(p / q), and for every function T of values in the domain of f's conjugate f*

    D_f(P || Q) >= E_P T - E_Q f*(T)                                                          (equation 4)

with equality at T = f'(p / q). A network's unbounded output v becomes T = g_f(v).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

Elementwise = Callable[[Tensor], Tensor]
Name = Literal["kl", "reverse_kl", "pearson", "squared_hellinger", "jensen_shannon", "gan"]


@dataclass(frozen=True, kw_only=True)
class FDivergence:
    """One row of both tables, each function taken value by value.

    f: the generator function, convex with f(1) = 0 (gan: -2 log 2), of u > 0; tight: T = f'(u), the best at u = p / q;
    activation: g_f, increasing, from any v to the domain of f*; conjugate: f*(t) = sup_u (u t - f(u));
    composed: f*(g_f(v)), where writing it out holds its precision.
    """

    f: Elementwise
    tight: Elementwise
    activation: Elementwise
    conjugate: Elementwise
    composed: Elementwise


LOG2 = math.log(2)
F_DIVERGENCES: dict[Name, FDivergence] = {
    "kl": FDivergence(
        f=lambda u: u * u.log(),
        tight=lambda u: 1 + u.log(),
        activation=lambda v: v,
        conjugate=lambda t: (t - 1).exp(),
        composed=lambda v: (v - 1).exp(),
    ),
    "reverse_kl": FDivergence(
        f=lambda u: -u.log(),
        tight=lambda u: -1 / u,
        activation=lambda v: -(-v).exp(),
        conjugate=lambda t: -1 - (-t).log(),
        composed=lambda v: v - 1,
    ),
    "pearson": FDivergence(
        f=lambda u: (u - 1).square(),
        tight=lambda u: 2 * (u - 1),
        activation=lambda v: v,
        conjugate=lambda t: t.square() / 4 + t,  # the table's; below t = -2, where no T is best, it is -1
        composed=lambda v: v.square() / 4 + v,
    ),
    "squared_hellinger": FDivergence(
        f=lambda u: (u.sqrt() - 1).square(),
        tight=lambda u: 1 - u.rsqrt(),
        activation=lambda v: 1 - (-v).exp(),
        conjugate=lambda t: t / (1 - t),
        composed=lambda v: v.expm1(),
    ),
    "jensen_shannon": FDivergence(
        f=lambda u: -(u + 1) * ((1 + u) / 2).log() + u * u.log(),
        tight=lambda u: (2 * u / (1 + u)).log(),
        activation=lambda v: LOG2 + logsigmoid(v),
        conjugate=lambda t: -(2 - t.exp()).log(),
        composed=lambda v: softplus(v) - LOG2,
    ),
    "gan": FDivergence(
        f=lambda u: u * u.log() - (u + 1) * (u + 1).log(),
        tight=lambda u: (u / (1 + u)).log(),
        activation=logsigmoid,
        conjugate=lambda t: -(1 - t.exp()).log(),
        composed=softplus,
    ),
}
"""By name. Jensen-Shannon is twice the usual one, and gan is it less log 4."""


def variational_value(divergence: FDivergence, real: Tensor, fake: Tensor) -> Tensor:
    """E_P g_f(V(x)) - E_Q f*(g_f(V(x))): equation 7, a lower bound on D_f(P || Q) for any V.

    real, fake: a network's outputs V, (B,) or (B, 1); reduced in float32 (float64 stays).
    """
    return divergence.activation(_wide(real)).mean() - divergence.composed(_wide(fake)).mean()


def generator_variational(divergence: FDivergence, fake: Tensor) -> Tensor:
    """-E_Q f*(g_f(V(x))), the part of equation 7 that the generator minimises."""
    return -divergence.composed(_wide(fake)).mean()


def generator_alternative(divergence: FDivergence, fake: Tensor) -> Tensor:
    """-E_Q g_f(V(x)): section 3.2, the generator asks to be taken for data. For gan it is the non-saturating loss."""
    return -divergence.activation(_wide(fake)).mean()


def _wide(x: Tensor) -> Tensor:
    return x.to(torch.promote_types(x.dtype, torch.float32))
