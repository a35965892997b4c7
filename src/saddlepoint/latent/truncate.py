"""Variety given up for typical samples."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from saddlepoint.recipe import Latent, Recipe
from saddlepoint.types import Noise

DRAWS = 4096


def mean_latent(recipe: Recipe[Any], seed: int = 0) -> Tensor:
    """The mean of draws from the prior, (D,)."""
    assert isinstance(recipe, Latent)
    return recipe.prior(Noise("mean latent", seed, rows=DRAWS, device=recipe.device, draw_on="cpu")).mean(0)


def truncate(z: Tensor, psi: float, mean: Tensor) -> Tensor:
    """mean + psi (z - mean): psi = 1 leaves z as it is, 0 makes all samples one (Karras et al. 2019, arXiv 1812.04948,
    appendix B, there of a mapped latent)."""
    return torch.lerp(mean.expand_as(z), z, psi)
