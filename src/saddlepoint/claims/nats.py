"""How probable held-out images are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from saddlepoint.claims.claim import Trained
from saddlepoint.metrics.likelihood import mean_and_error
from saddlepoint.metrics.measurement import Measurement
from saddlepoint.recipe import Scores


@torch.no_grad()
def measure(trained: Trained) -> Iterator[Measurement]:
    """The exact log-likelihood of test images in nats, mean and standard error."""
    model, test = trained.model, trained.data.test
    assert isinstance(model, Scores)
    parts: list[torch.Tensor] = []
    for positions in np.array_split(np.arange(len(test)), -(-len(test) // 256)):
        y = test.y(positions) if model.conditional else None
        scores = model.log_prob(test.x(positions).to(model.device), y if y is None else y.to(model.device))
        parts.append(scores.double().cpu())
    value, error = mean_and_error(torch.cat(parts))
    about = {"n": len(test), "reference": "test", "weights": "average"}
    yield Measurement(metric="log p(x) (nats)", value=value, error=error, protocol=about)
