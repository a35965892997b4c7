"""One code under every label."""

from __future__ import annotations

import torch
from PIL.Image import Image

from saddlepoint.claims.claim import Trained
from saddlepoint.pictures import wall
from saddlepoint.recipe import Latent
from saddlepoint.types import Noise

ROWS = 8


def style_grid(trained: Trained) -> Image:
    """A row for each code, a column for each class."""
    model, classes = trained.model, len(trained.model.spec.classes)
    assert isinstance(model, Latent)
    z = model.prior(Noise("styles", trained.seed, rows=ROWS, device=model.device, draw_on="cpu"))
    y = torch.arange(classes, device=model.device).repeat(ROWS)
    with torch.no_grad():
        return wall(model.generate(z.repeat_interleave(classes, 0), y), classes)
