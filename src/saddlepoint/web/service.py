"""From a request to images: pure functions of a run's model. What is drawn is named by picks, so nobody has a state."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from saddlepoint.errors import UserError
from saddlepoint.latent.paths import between
from saddlepoint.pictures import png, to_image, to_pixels, wall
from saddlepoint.recipe import Latent, Recipe
from saddlepoint.web.models import Ask
from saddlepoint.web.picks import MOST, Pick, labels, latents, parse, stretches


class Draw(Ask):
    """Samples by seed: n from the first on; or those of `picks`, with commas between them."""

    seed: int = Field(0, ge=0, lt=2**63)
    first: int = Field(0, ge=0, lt=10**9)
    n: int = Field(24, ge=1, le=MOST)
    label: int | None = Field(None, ge=0)
    picks: str = Field("", max_length=4096)

    def wanted(self) -> list[Pick]:
        """
        Raises:
            UserError: a pick that is none, or too many.
        """
        if self.picks:
            return parse(self.picks)
        return [Pick(self.seed, self.first + i, self.label) for i in range(self.n)]


class Walk(Ask):
    """A point of the way through `picks`: 0 at the first, 1 at the second, and so on."""

    picks: str = Field(max_length=4096)
    at: float = Field(0.0, ge=0, le=MOST)
    how: Literal["auto", "linear", "spherical"] = "auto"


@torch.no_grad()
def samples(model: Recipe[Any], picks: Sequence[Pick], psi: float = 1.0) -> Tensor:
    """(B, *shape), images in [-1, 1]: what `model.sample` gives at these places, truncated if psi is below 1.

    Raises:
        UserError: a class that does not exist, or truncation where no part of a latent is normal.
    """
    y = labels(model, picks)
    if psi < 1:
        return generated(model, latents(model, picks, psi), y)
    parts = [
        model.sample(len(part), seed=part[0].seed, first=part[0].index, y=None if y is None else y[rows])
        for rows, part in stretches(picks)
    ]
    return _finite(torch.cat(parts))


@torch.no_grad()
def generated(model: Recipe[Any], z: Tensor, y: Tensor | None) -> Tensor:
    """(B, *shape) of latents z (B, D) and, for a conditional model, their classes y (B,).

    Raises:
        UserError: what is generated is not finite.
    """
    assert isinstance(model, Latent)
    x = _finite(model.generate(z, None if y is None else y.to(z.device)).float().cpu())
    return x.clamp(-1, 1) if model.spec.kind == "image" else x


def _finite(x: Tensor) -> Tensor:
    if not x.isfinite().all():
        raise UserError("The samples are not finite, so this model has diverged: try an earlier checkpoint.")
    return x


def pictures(x: Tensor) -> list[str]:
    """Each image as a data URL; points as one picture of them all."""
    shown = [wall(x)] if x.ndim == 2 else [to_image(pixels) for pixels in to_pixels(x)]
    return ["data:image/png;base64," + base64.b64encode(png(image)).decode() for image in shown]


def drawn(model: Recipe[Any], draw: Draw) -> dict[str, Any]:
    """Samples with the picks that name them, for the page."""
    picks = draw.wanted()
    y, names = labels(model, picks), model.spec.classes
    return {
        "images": pictures(samples(model, picks, draw.psi)),
        "picks": [str(pick) for pick in picks],
        "labels": None if y is None else [names[int(label)] for label in y],
    }


def sheet(model: Recipe[Any], draw: Draw) -> bytes:
    """The same as one PNG."""
    return png(wall(samples(model, draw.wanted(), draw.psi)))


def latents_file(model: Recipe[Any], draw: Draw) -> bytes:
    """Their latents as a .npy file, float32 (B, D)."""
    buffer = io.BytesIO()
    np.save(buffer, latents(model, draw.wanted(), draw.psi).cpu().numpy(), allow_pickle=False)
    return buffer.getvalue()


@torch.no_grad()
def step(model: Recipe[Any], walk: Walk) -> Tensor:
    """(1, *shape): the sample at a point of the way; its class is that of the nearest pick.

    Raises:
        UserError: fewer than two picks, or a model without a latent.
    """
    keys = parse(walk.picks)
    if len(keys) < 2:
        raise UserError("A walk needs two samples or more.")
    z, y = latents(model, keys, walk.psi), labels(model, keys)
    leg = min(int(walk.at), len(keys) - 2)
    t = torch.tensor([min(walk.at - leg, 1.0)], device=z.device)
    here = between(z[leg], z[leg + 1], t, model.slices, walk.how)
    near = leg + round(float(t))
    return generated(model, here, None if y is None else y[near : near + 1])


def stepped(model: Recipe[Any], walk: Walk) -> dict[str, Any]:
    """The same for the page."""
    return {"images": pictures(step(model, walk))}
