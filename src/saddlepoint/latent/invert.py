"""From an image to a latent that makes it: by the encoder, by descent on the error, or by one and then the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from saddlepoint.errors import UserError
from saddlepoint.recipe import Encodes, Latent, Recipe
from saddlepoint.types import Noise

Method = Literal["auto", "encoder", "optimise", "both"]
Features = Callable[[Tensor], Tensor]
"""Images (B, C, H, W) -> what to compare besides pixels (B, F), with gradients."""


@dataclass(frozen=True, kw_only=True)
class Inversion:
    """z: (B, D); x: (B, *shape), what z makes; error: (B,), the mean squared difference of a number; method: what found
    it, never auto."""

    z: Tensor
    x: Tensor
    error: Tensor
    method: Method


def invert(
    recipe: Recipe[Any],
    x: Tensor,
    y: Tensor | None = None,
    *,
    method: Method = "auto",
    steps: int = 300,
    lr: float = 0.05,
    starts: int = 8,
    features: Features | None = None,
    weight: float = 1.0,
    seed: int = 0,
    progress: Callable[[int, int, str], None] | None = None,
) -> Inversion:
    """Latents whose samples come near x (B, *shape).

    auto takes the encoder where there is one, and then descends from there if a gradient leads back to z; without one
    it descends from the best of `starts` draws for each image. Descent is Adam on the mean squared difference of
    pixels, plus `weight` times that of `features` if given; of all its steps the best is kept, so it never ends worse
    than it began. progress: told (done, steps, what) after each step of descent.

    Raises:
        UserError: the recipe has no latent, no encoder where one is asked for, or no gradient to descend along.
    """
    if not isinstance(recipe, Latent):
        raise UserError(f"{type(recipe).__name__} has no latent that makes an image: nothing to invert.")
    encodes = isinstance(recipe, Encodes)
    if method in ("encoder", "both") and not encodes:
        raise UserError(f"{type(recipe).__name__} has no encoder: method=optimise needs none.")
    done: Method = ("both" if encodes else "optimise") if method == "auto" else method
    was_training, frozen = recipe.training, [p for p in recipe.parameters() if p.requires_grad]
    recipe.eval()
    for p in frozen:
        p.requires_grad_(False)
    try:
        with torch.no_grad():
            z = recipe.encode(x) if encodes and done != "optimise" else _best_draw(recipe, x, y, starts, seed)
        if done != "encoder":
            try:
                z = _descend(recipe, x, y, z, steps, lr, features, weight, progress)
            except _NoGradientError:
                if method != "auto" or not encodes:
                    raise
                done = "encoder"
        with torch.no_grad():
            made = recipe.generate(z, y).float()
    finally:
        for p in frozen:
            p.requires_grad_(True)
        recipe.train(was_training)
    return Inversion(z=z.detach(), x=made, error=_error(made, x), method=done)


class _NoGradientError(UserError):
    """What is generated does not depend smoothly on the latent."""


def _best_draw(recipe: Any, x: Tensor, y: Tensor | None, starts: int, seed: int) -> Tensor:
    """Of so many draws from the prior for each image the one that comes nearest."""
    best = torch.full((len(x),), torch.inf, device=x.device)
    z = recipe.prior(Noise("invert", seed, 0, rows=len(x), device=x.device, draw_on="cpu"))
    for i in range(starts):
        drawn = recipe.prior(Noise("invert", seed, i, rows=len(x), device=x.device, draw_on="cpu"))
        error = _error(recipe.generate(drawn, y).float(), x)
        z = torch.where((error < best)[:, None], drawn, z)
        best = torch.minimum(best, error)
    return z


def _descend(
    recipe: Any,
    x: Tensor,
    y: Tensor | None,
    start: Tensor,
    steps: int,
    lr: float,
    features: Features | None,
    weight: float,
    progress: Callable[[int, int, str], None] | None,
) -> Tensor:
    z = start.detach().clone().requires_grad_()
    best, least = start.detach().clone(), torch.full((len(x),), torch.inf, device=x.device)
    target = None if features is None else features(x).detach()
    optimizer = torch.optim.Adam([z], lr=lr)
    for done in range(steps + 1):
        made = recipe.generate(z, y).float()
        if not made.requires_grad:
            raise _NoGradientError(
                f"{type(recipe).__name__} draws or rounds on its way from latent to image, so no gradient leads back: "
                "method=encoder needs none."
            )
        loss = _error(made, x)
        if features is not None and target is not None:
            loss = loss + weight * (features(made) - target).square().flatten(1).mean(1)
        with torch.no_grad():
            better = loss < least
            best = torch.where(better[:, None], z, best)
            least = torch.minimum(least, loss)
        optimizer.zero_grad()
        loss.sum().backward()  # a row's loss moves its own latent alone
        optimizer.step()
        if progress:
            progress(min(done + 1, steps), steps, "descending on the error")
    return best


def _error(made: Tensor, x: Tensor) -> Tensor:
    return (made - x).square().flatten(1).mean(1)
