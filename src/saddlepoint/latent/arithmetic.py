"""Adding and subtracting what latents mean: Radford et al. 2016 (arXiv 1511.06434), section 6.3.2."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from saddlepoint.errors import UserError
from saddlepoint.types import Noise

JITTER = 0.25
"""Of the paper's neighbours: uniform noise of this size is added to a result."""


def analogy(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """mean(a) - mean(b) + mean(c): (N, D) of each -> (D,). The paper averages three examples of each."""
    return a.mean(0) - b.mean(0) + c.mean(0)


def neighbours(z: Tensor, noise: Noise, size: float = JITTER) -> Tensor:
    """z (D,) with eight neighbours around it in a 3 x 3 grid: (9, D), z itself in the middle, the fifth."""
    assert noise.rows == 8
    jittered = z + size * (2 * noise.uniform(len(z)).to(z) - 1)
    return torch.cat([jittered[:4], z[None], jittered[4:]])


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """A direction along which an attribute grows. vector: (D,) of length 1; `score` is the log-odds of having it."""

    vector: Tensor
    scale: float
    offset: float
    accuracy: float
    """Share of held-out examples on the right side."""
    held_out: int
    floor: float
    """The same for always naming the commoner side."""

    def score(self, z: Tensor) -> Tensor:
        """(N, D) -> (N,) log-odds."""
        return self.scale * (z @ self.vector) + self.offset


def learn_attribute(z: Tensor, has: Tensor, *, weight_decay: float = 1.0, share: float = 0.2) -> Attribute:
    """The direction that separates latents (N, D) with an attribute, has (N,) bool, from those without.

    Logistic regression on standardised latents with a normal prior on its weights, judged on the last `share` of
    the examples, which it does not see; so their order should mean nothing.

    Raises:
        UserError: fewer than two examples of a side to learn from, or none of a side to judge by.
    """
    held = max(1, round(share * len(z)))
    learn, judge, y, truth = z[:-held].double(), z[-held:].double(), has[:-held].double(), has[-held:]
    for side, name in ((True, "with"), (False, "without")):
        seen, kept = int((has[:-held] == side).sum()), int((truth == side).sum())
        if seen < 2 or not kept:
            raise UserError(
                f"{seen} examples {name} the attribute to learn from and {kept} to judge by are too few: "
                "give 10 or more of each."
            )
    mean, std = learn.mean(0), learn.std(0).clamp(min=1e-6)
    x = (learn - mean) / std
    w = torch.zeros(z.shape[1], dtype=torch.float64, requires_grad=True)
    b = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([w, b], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = F.binary_cross_entropy_with_logits(x @ w + b, y, reduction="sum") + weight_decay / 2 * w.square().sum()
        value.backward()
        return value

    with torch.enable_grad():
        optimizer.step(loss)
    normal = w.detach() / std
    offset = float(b.detach() - normal @ mean)
    right = ((judge @ normal + offset > 0) == truth).double().mean()
    common = truth.double().mean()
    length = float(normal.norm())
    return Attribute(
        vector=(normal / length).to(z.dtype),
        scale=length,
        offset=offset,
        accuracy=float(right),
        held_out=held,
        floor=float(torch.maximum(common, 1 - common)),
    )
