"""Invert: an uploaded picture, read as the training data was, and the latent that comes near it. Nothing is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from saddlepoint import runs
from saddlepoint.assembly import configs_of, spec_of
from saddlepoint.config import DataConfig
from saddlepoint.data.binarise import WHITE, drawn, threshold
from saddlepoint.data.dataset import to_model
from saddlepoint.data.picture import PictureError, decode
from saddlepoint.errors import UserError
from saddlepoint.latent.invert import Method
from saddlepoint.latent.invert import invert as find
from saddlepoint.recipe import Recipe
from saddlepoint.web.models import Ask
from saddlepoint.web.picks import Pick, labels, packed, size
from saddlepoint.web.service import pictures

PIXELS = 2**25
"""Of a picture: a small file can claim any size, and 16-bit ones take 24 bytes for each while they are read."""
STARTS = 8


class Invert(Ask):
    """How to look for the latent."""

    method: Method = "auto"
    steps: int = Field(100, ge=1, le=300)
    label: int | None = Field(None, ge=0)


def picture(run: Path, content: bytes) -> Tensor:
    """An image file as this run's model would have been shown it in training: (1, C, H, W).

    Raises:
        UserError: it is no image, a damaged or too large one, or the run learned points.
    """
    manifest = runs.manifest(run)
    spec, options = spec_of(manifest), configs_of(manifest)["data"]
    assert isinstance(options, DataConfig)
    if spec.kind != "image":
        raise UserError(f"{run.name} learned points, so it cannot be shown a picture.")
    channels, height, width = spec.shape
    try:
        pixels = decode(content, (height, width, channels), options.fit, most=PIXELS)[None]
    except PictureError as error:
        raise UserError(f"This picture cannot be read: {error}.") from None
    if options.binarise != "none":
        rule = threshold if options.binarise == "threshold" else drawn
        pixels = rule(pixels, np.zeros(1, np.int64)) * np.uint8(WHITE)
    return to_model(torch.tensor(pixels))


def inverted(model: Recipe[Any], x: Tensor, asked: Invert, breathe: Callable[[], None]) -> dict[str, Any]:
    """x (1, C, H, W), the picture as the model sees it, and what comes near it, for the page. breathe: called by step.

    Raises:
        UserError: what `latent.invert.invert` cannot do, or the model takes a class and is told none.
    """
    size(model)
    if model.conditional and asked.label is None:
        raise UserError("This model makes pictures of a class: say which by its label.")
    y = labels(model, [Pick(0, 0, asked.label)])

    def told(done: int, steps: int, what: str) -> None:
        breathe()

    found = find(
        *(model, x.to(model.device), None if y is None else y.to(model.device)),
        method=asked.method,
        steps=asked.steps,
        starts=STARTS,
        progress=told,
    )
    error = float(found.error[0])
    if not (found.x.isfinite().all() and found.z.isfinite().all()):
        raise UserError("What comes near this picture is not finite, so this model has diverged.")
    by = {
        "encoder": "By the encoder alone",
        "optimise": f"By {asked.steps} steps of descent from the nearest of {STARTS} samples",
        "both": f"By the encoder, and {asked.steps} steps of descent from there",
    }[found.method]
    levels = 127.5 * error**0.5
    return {
        "target": pictures(x)[0],
        "images": pictures(found.x),
        "latent": packed(found.z[0]),
        "label": asked.label,
        "error": error,
        "says": f"{by}: mean squared error {error:.3g} on [-1, 1], about {levels:.0f} of 255 grey levels.",
    }
