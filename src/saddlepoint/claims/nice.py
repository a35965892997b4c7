"""Dinh, Krueger and Bengio 2015: a density by a change of variables whose determinant is 1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from saddlepoint.claims.claim import Claim, Published, Setting, Trained
from saddlepoint.metrics.likelihood import elbo, mean_and_error
from saddlepoint.metrics.measurement import Measurement


def measure(trained: Trained) -> Iterator[Measurement]:
    """The paper's own number: the log-density of pixels that noise has made reals in [0, 1]."""
    model: Any = trained.model
    nats = elbo(model, trained.data.test, seed=trained.seed) + model.log_bins
    value, error = mean_and_error(nats)
    protocol = {"n": len(nats), "reference": "test", "weights": "average"}
    yield Measurement(
        metric="log-density of dequantised pixels in [0, 1], nats", value=value, error=error, protocol=protocol
    )


CLAIM = Claim(
    recipe="nice",
    statement="A deep invertible map with a unit Jacobian determinant and one scaling is trained by exact maximum "
    "likelihood, and its samples are drawn without a chain.",
    published={
        "mnist": Published(
            value="1980.50",
            measure="log-density of test images in nats, noise added and rescaled to [0, 1]: 4.36 bits/dim",
            where="figure 3, from memory",
            comparable="no: the paper's networks train for 1,500 epochs",
        ),
    },
    settings={
        "quick": {"mnist": Setting(images=250_000, options={"widths": (500, 500, 500), "batch": 100, "ema": 10_000})},
        "full": {"mnist": Setting(images=90_000_000, options={"batch": 100})},
    },
    gap="The quick setting has narrower and shallower networks and four epochs. The batch size is not in the "
    "paper; 100 is ours.",
    probe=measure,
)
