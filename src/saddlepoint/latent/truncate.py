"""Variety given up for typical samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from saddlepoint.priors import Slice
from saddlepoint.recipe import Latent, Recipe
from saddlepoint.types import Noise

DRAWS = 4096


def mean_latent(recipe: Recipe[Any], seed: int = 0) -> Tensor:
    """The mean of draws from the prior, (D,)."""
    assert isinstance(recipe, Latent)
    return recipe.prior(Noise("mean latent", seed, rows=DRAWS, device=recipe.device, draw_on="cpu")).mean(0)


def truncate(z: Tensor, psi: float, mean: Tensor, slices: Sequence[Slice]) -> Tensor:
    """mean + psi (z - mean): psi = 1 leaves z (N, D) as it is, 0 makes all samples one. Categories stay as they are.

    Karras et al. 2019 (arXiv 1812.04948), appendix B, there of a mapped latent.
    """
    free = torch.cat([torch.full((part.size,), part.prior != "category") for part in slices]).to(z.device)
    return torch.where(free, torch.lerp(mean.expand_as(z), z, psi), z)
