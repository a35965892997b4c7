"""Log-likelihoods of held-out data and lower bounds on them, of each example."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from saddlepoint.metrics.datalike import ExamplesLike, Progress, chunks, everything
from saddlepoint.objectives.likelihoods import Measure
from saddlepoint.recipe import Bounds, Encodes, Recipe, Scores, Weighs
from saddlepoint.types import Noise

PASS = 1024
"""Draws in one pass of the decoder: what they make fits into a CPU's cache, which halves the time of 5,000 each."""
ACTIVE = 0.01
"""Variance over the data of a latent's posterior mean, above which Burda et al. 2016 call it active."""


@runtime_checkable
class Measured(Protocol):
    """A recipe that says what its bound bounds: a probability of levels or of binary images, or a density."""

    @property
    def measure(self) -> Measure: ...


@runtime_checkable
class Infers(Protocol):
    """A recipe whose code is random given an example, so that a unit of it may say nothing of the example."""

    def posterior(self, x: Tensor) -> object:
        """q(z|x), a distribution."""
        ...


def elbo(
    recipe: Recipe[Any], examples: ExamplesLike, *, seed: int = 0, batch: int = 256, progress: Progress | None = None
) -> Tensor:
    """The bound of each example of a split, (N,) float64, in nats, with one draw of the recipe's noise each.

    A conditional recipe is given the labels.
    """
    assert isinstance(recipe, Bounds)
    return _each(recipe, examples, recipe.elbo, "elbo", seed, batch, progress)


def log_likelihood(
    recipe: Recipe[Any], examples: ExamplesLike, *, batch: int = 64, progress: Progress | None = None
) -> Tensor:
    """The exact log-likelihood of each example of a split, (N,) float64, in nats; given the labels if conditional."""
    assert isinstance(recipe, Scores)
    return _each(recipe, examples, lambda x, _, y: recipe.log_prob(x, y), "exact", 0, batch, progress)


def iwae(
    recipe: Recipe[Any],
    examples: ExamplesLike,
    *,
    k: int,
    seed: int = 0,
    batch: int = 16,
    progress: Progress | None = None,
) -> Tensor:
    """log 1/k sum_i w_i of each example of a split, (N,) float64, in nats: Burda et al. 2016, equation 8.

    Its mean is a lower bound on the log-likelihood, which it nears as k grows. Given the labels if conditional.
    """
    assert isinstance(recipe, Weighs)

    def bound(x: Tensor, noise: Noise, y: Tensor | None) -> Tensor:
        size = max(PASS // batch, 1)
        draws = [min(size, k - done) for done in range(0, k, size)]
        total = torch.stack([recipe.log_weights(x, noise, part, y).double().logsumexp(0) for part in draws])
        return total.logsumexp(0) - math.log(k)

    return _each(recipe, examples, bound, f"iwae {k}", seed, batch, progress)


def active_units(recipe: Recipe[Any], examples: ExamplesLike, *, batch: int = 256) -> int:
    """How many latents' posterior means vary over a split: Burda et al. 2016, section 5.1.1."""
    assert isinstance(recipe, Encodes)
    codes = _each(recipe, examples, lambda x, _noise, _y: recipe.encode(x), "active", 0, batch, None)
    return int((codes.var(0) > ACTIVE).sum())


@torch.no_grad()
def _each(
    recipe: Recipe[Any],
    examples: ExamplesLike,
    of: Callable[[Tensor, Noise, Tensor | None], Tensor],
    key: str,
    seed: int,
    batch: int,
    progress: Progress | None,
) -> Tensor:
    was_training = recipe.training
    recipe.eval()
    parts: list[Tensor] = []
    for positions in chunks(everything(examples), batch):
        start = int(positions[0])
        noise = Noise(key, seed, rows=len(positions), start=start, device=recipe.device, draw_on="cpu")
        y = examples.y(positions) if recipe.conditional else None
        given = None if y is None else y.to(recipe.device)
        parts.append(of(examples.x(positions).to(recipe.device), noise, given).cpu().double())
        if progress:
            progress(start + len(positions), len(examples), "measuring the likelihood")
    recipe.train(was_training)
    return torch.cat(parts)


def mean_and_error(per_example: Tensor) -> tuple[float, float | None]:
    """The mean of (N,) values and its standard error (None for a single value)."""
    count = len(per_example)
    error = float(per_example.std()) / math.sqrt(count) if count > 1 else None
    return float(per_example.mean()), error
