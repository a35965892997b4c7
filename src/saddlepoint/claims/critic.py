"""A trained discriminator and what it is to judge, for the claims that look at it."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from saddlepoint.api import load
from saddlepoint.claims.claim import Trained
from saddlepoint.metrics.collect import draw

N = 1_000
PROTOCOL = {"n": N, "reference": "validation", "weights": "raw"}


def judged(trained: Trained, n: int = N) -> tuple[Any, Tensor, Tensor]:
    """The model with its raw weights, which played together; n examples that it has not seen; n samples."""
    model = load(trained.run, weights="raw")
    real = trained.data.validation.x(np.arange(min(n, len(trained.data.validation))))
    return model, real, draw(model, n, trained.seed)
