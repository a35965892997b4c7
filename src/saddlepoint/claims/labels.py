"""Whether a sample shows the class that was asked for."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from saddlepoint.claims.claim import Trained
from saddlepoint.metrics.choose import choose
from saddlepoint.metrics.collect import draw, features_of
from saddlepoint.metrics.measurement import FLOOR, Measurement


def measure(trained: Trained) -> Iterator[Measurement]:
    """Share of samples that the classifier puts into the class they were asked for; beside it, of real images."""
    features = choose("auto", trained.data, offline=True)
    assert features.head is not None
    n = max(len(trained.data.test), 1_000)
    y = torch.arange(n) % len(trained.data.spec.classes)
    x = draw(trained.model, n, trained.seed, y)
    agreement = float((features.head(features_of(x, features)).argmax(1) == y).double().mean())
    about = {"n": n, "reference": "test", "weights": "average", "features": features.name}
    error = (agreement * (1 - agreement) / n) ** 0.5
    yield Measurement(metric="label agreement", value=agreement, error=error, protocol=about)
    if features.accuracy is not None:
        yield Measurement(metric="label agreement" + FLOOR, value=features.accuracy, protocol=about)
