"""Dinh, Sohl-Dickstein and Bengio 2017: exact inference, exact sampling and a density, at several scales."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from saddlepoint.claims.claim import Claim, Published, Setting, Trained
from saddlepoint.metrics.measurement import Measurement

N = 500


def measure(trained: Trained) -> Iterator[Measurement]:
    """How far images come back from their codes, which have as many numbers as they: in grey levels of 256, before they
    are rounded to these."""
    model: Any = trained.model
    x = trained.data.test.x(np.arange(min(N, len(trained.data.test)))).to(model.device)
    with torch.no_grad():
        reals, back = model.dequantised(x, x.new_full((), 0.5)), model.flow.inverse(model.encode(x))
    yield Measurement(
        metric="mean error of decode(encode(x)) in grey levels",
        value=float((back - reals).abs().mean()) * 256,
        protocol={"n": len(x), "reference": "test", "weights": "average"},
    )


CLAIM = Claim(
    recipe="real_nvp",
    statement="Affine couplings over checkerboards and channels at several scales give natural images a density, a "
    "code and samples, all exact and all in one pass.",
    published={
        "mnist": Published(value="none", measure="not tried", where="-", comparable="no: the paper does not use MNIST"),
        "cifar10": Published(
            value="3.49",
            measure="bits/dim of the test images, dequantised",
            where="table 1, from memory",
            comparable="no: the quick setting is far smaller than the paper's, and JPEG has changed the images",
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(images=26_000, options={"channels": 16, "blocks": 1, "batch": 32, "ema": 2_000}),
            "cifar10": Setting(images=20_000, options={"channels": 16, "blocks": 1, "batch": 32, "ema": 2_000}),
        },
        "full": {
            "mnist": Setting(images=20_000_000, options={"blocks": 4, "channels": 32}),
            "cifar10": Setting(images=60_000_000, options={}),
        },
    },
    gap="There is no batch normalisation in the networks, nor between couplings. The paper does not say for how long "
    "it trains.",
    probe=measure,
)
