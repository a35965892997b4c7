"""Tighter bounds and used latents, for claims of models with a posterior."""

from __future__ import annotations

from collections.abc import Iterable

from saddlepoint import api
from saddlepoint.claims.claim import Trained
from saddlepoint.metrics.measurement import Measurement

DRAWS = 100


def measure(trained: Trained) -> Iterable[Measurement]:
    """The bound of 100 draws, and the active units."""
    return api.evaluate(trained.run, metrics=["iwae", "active_units"], k=DRAWS)
