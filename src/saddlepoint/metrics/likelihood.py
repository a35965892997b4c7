"""Lower bounds on the log-likelihood of held-out data."""

from __future__ import annotations

import math
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from saddlepoint.metrics.datalike import ExamplesLike, Progress, chunks, everything
from saddlepoint.objectives.likelihoods import Measure
from saddlepoint.recipe import Bounds, Recipe
from saddlepoint.types import Noise


@runtime_checkable
class Measured(Protocol):
    """A recipe that says what its bound bounds: a probability of levels or of binary images, or a density."""

    @property
    def measure(self) -> Measure: ...


@torch.no_grad()
def elbo(
    recipe: Recipe[Any], examples: ExamplesLike, *, seed: int = 0, batch: int = 256, progress: Progress | None = None
) -> Tensor:
    """The bound of each example of a split, (N,) float64, in nats, with one draw of the recipe's noise each."""
    assert isinstance(recipe, Bounds)
    was_training = recipe.training
    recipe.eval()
    parts: list[Tensor] = []
    for positions in chunks(everything(examples), batch):
        start = int(positions[0])
        noise = Noise("elbo", seed, rows=len(positions), start=start, device=recipe.device, draw_on="cpu")
        parts.append(recipe.elbo(examples.x(positions).to(recipe.device), noise).double().cpu())
        if progress:
            progress(start + len(positions), len(examples), "bounding the likelihood")
    recipe.train(was_training)
    return torch.cat(parts)


def mean_and_error(per_example: Tensor) -> tuple[float, float | None]:
    """The mean of (N,) values and its standard error (None for a single value)."""
    count = len(per_example)
    error = float(per_example.std()) / math.sqrt(count) if count > 1 else None
    return float(per_example.mean()), error
