"""Directions in which a model's samples change most, found without any label."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from saddlepoint.errors import UserError
from saddlepoint.recipe import Latent, Recipe
from saddlepoint.types import Noise

DRAWS = 2000
LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d)
Layer = nn.Linear | nn.Conv1d | nn.Conv2d | nn.ConvTranspose1d | nn.ConvTranspose2d


@dataclass(frozen=True, kw_only=True)
class Directions:
    """vectors: (K, D), rows of length 1, the strongest first; strength: (K,), the share of the change that each
    explains; spread: (K,), the standard deviation of draws along each, by which to scale a slider."""

    vectors: Tensor
    strength: Tensor
    spread: Tensor


def sefa(recipe: Recipe[Any], count: int = 10, *, seed: int = 0) -> Directions:
    """Eigenvectors of A^T A for the weight A of the first layer that z meets: Shen & Zhou 2021 (arXiv 2007.06600).

    Raises:
        UserError: there is no latent, or no affine layer takes it, whole.
    """
    layer, z, width = _first_layer(recipe, seed)
    a = _matrix(layer)[:, :width].double()
    values, vectors = torch.linalg.eigh(a.T @ a)
    order = values.argsort(descending=True)[:count]
    return _directions(vectors.T[order], values[order] / values.sum(), z)


def ganspace(recipe: Recipe[Any], count: int = 10, *, seed: int = 0) -> Directions:
    """Principal components of what the first layer after z gives, carried back to z by least squares.

    Härkönen et al. 2020 (arXiv 2004.02546), section 2.1.

    Raises:
        UserError: as `sefa`.
    """
    layer, z, width = _first_layer(recipe, seed)
    features = _features(recipe, z, layer).double()
    met = (z[:, :width] - z[:, :width].mean(0)).double()
    q = torch.linalg.qr(met).Q  # features are affine in z, so theirs are the columns of q: width of them, not N or F
    u, s, _ = torch.linalg.svd(q.T @ (features - features.mean(0)), full_matrices=False)
    coordinates = (q @ u)[:, :count] * s[:count]  # (N, K)
    back = torch.linalg.lstsq(coordinates, met).solution  # (K, width): z = coordinates @ back
    kept = back.norm(dim=1) > 0
    return _directions(F.normalize(back[kept], dim=1), (s**2 / (s**2).sum())[:count][kept], z)


def _directions(vectors: Tensor, strength: Tensor, z: Tensor) -> Directions:
    """Vectors (K, width) of the latent's first numbers, as directions of all of it."""
    whole = F.pad(vectors, (0, z.shape[1] - vectors.shape[1])).to(z)
    return Directions(vectors=whole, strength=strength.float(), spread=(z @ whole.T).std(0))


def _first_layer(recipe: Recipe[Any], seed: int) -> tuple[Layer, Tensor, int]:
    """The layer that meets z first, draws of z, and how many of z's numbers its input channels begin with.

    All, or those of the first slices where the others join later, as in a pyramid.
    """
    if not isinstance(recipe, Latent):
        raise UserError(f"{type(recipe).__name__} has no latent: there are no directions in it.")
    z = recipe.prior(Noise("directions", seed, rows=DRAWS, device=recipe.device, draw_on="cpu"))
    found: list[tuple[Layer, int]] = []
    few = z[:4]
    widths = list(accumulate(part.size for part in recipe.slices if part.size))

    def look(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        channels, flat = inputs[0].shape[1], inputs[0].flatten(1).to(few)
        for width in reversed(widths):
            if not found and channels >= width and torch.equal(flat[:, :width], few[:, :width]):
                assert isinstance(layer, LAYERS)
                found.append((layer, width))

    hooks = [m.register_forward_pre_hook(look) for m in recipe.modules() if isinstance(m, LAYERS)]
    try:
        _generate(recipe, few)
    finally:
        _remove(hooks)
    if not found:
        raise UserError(f"{type(recipe).__name__} has no affine layer that takes its latent as it is.")
    layer, width = found[0]
    return layer, z, width


def _matrix(layer: Layer) -> Tensor:
    """The layer as a matrix over its input channels: (outputs, inputs)."""
    weight = layer.weight.detach()
    if isinstance(layer, nn.ConvTranspose1d | nn.ConvTranspose2d):  # (inputs, outputs, ...)
        return weight.flatten(1).T
    return weight if isinstance(layer, nn.Linear) else weight.transpose(0, 1).flatten(1).T


class _SeenError(Exception):
    """The layer has given what it gives, so nothing beyond it needs to be computed."""


def _features(recipe: Any, z: Tensor, layer: nn.Module) -> Tensor:
    """What the layer gives for z: (N, F)."""
    seen: list[Tensor] = []

    def look(_: object, __: object, output: Tensor) -> None:
        seen.append(output.detach().cpu().flatten(1))
        raise _SeenError

    hook = layer.register_forward_hook(look)
    try:
        for part in z.split(100):
            with contextlib.suppress(_SeenError):
                _generate(recipe, part)
    finally:
        hook.remove()
    return torch.cat(seen)


@torch.no_grad()
def _generate(recipe: Any, z: Tensor) -> None:
    was_training = recipe.training
    recipe.eval()
    y = torch.zeros(len(z), dtype=torch.int64, device=z.device) if recipe.conditional else None
    try:
        recipe.generate(z, y)
    finally:
        recipe.train(was_training)


def _remove(hooks: list[RemovableHandle]) -> None:
    for hook in hooks:
        hook.remove()
