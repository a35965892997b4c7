"""Hjelm et al. 2018: a game over discrete data, and samples on the discriminator's boundary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from saddlepoint.api import load
from saddlepoint.claims.claim import Claim, Published, Setting, Trained
from saddlepoint.metrics.measurement import Measurement
from saddlepoint.types import Batch, Noise

N = 500


def measure(trained: Trained) -> Iterator[Measurement]:
    """What carries the method on discrete data: how evenly the M samples of one z count (M: D tells nothing between
    them; 1: one sample is all), and whether pixels end as often white as in the data."""
    model: Any = load(trained.run, weights="raw")
    if not model.discrete:
        return
    x = trained.data.validation.x(np.arange(min(N, len(trained.data.validation)))).to(model.device)
    noise = Noise("probe", trained.seed, rows=len(x), device=model.device)
    with torch.no_grad():
        used = model.generator_objective(Batch(x=x, y=None, index=torch.arange(len(x)), noise=noise))["used"]
    protocol = {"n": len(x), "reference": "validation", "weights": "raw"}
    yield Measurement(
        metric=f"effective samples of {model.config.draws} by importance weights", value=float(used), protocol=protocol
    )
    white = [(part.mean(0) + 1) / 2 for part in (x.cpu(), trained.model.sample(10 * N, seed=trained.seed))]
    yield Measurement(
        metric="mean difference in how often a pixel is white",
        value=float((white[0] - white[1]).abs().mean()),
        protocol=protocol | {"n": 10 * N, "weights": "average"},
    )


BINARY = {"output": "binary", "width": 16, "latent": 32, "batch": 32, "lr": 5e-4, "ema": 4_000}

CLAIM = Claim(
    recipe="bs_gan",
    statement="Importance weights from the discriminator are a policy gradient that trains a generator of discrete "
    "data, which no gradient can pass; on continuous data the same target makes training more stable.",
    published={
        "mnist": Published(
            value="none",
            measure="samples of binarised MNIST only, from memory",
            where="section 4.1",
            comparable="no: the paper has no number for MNIST samples",
        ),
        "cifar10": Published(
            value="none",
            measure="classification of samples against data by a new discriminator, from memory",
            where="section 4.1",
            comparable="no: it judges by another network",
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(images=56_000, options=BINARY),
            "cifar10": Setting(images=60_000, options={"width": 32, "batch": 32, "ema": 4_000}),
        },
        "full": {
            "mnist": Setting(images=5_000_000, options={"output": "binary", "width": 64, "lr": 1e-4}),
            "cifar10": Setting(images=10_000_000, options={"lr": 1e-4}),
        },
    },
    gap="On MNIST the generator is discrete: its samples are black and white, and are judged against grey images, "
    "which costs it a distance that no training removes. CIFAR-10 takes the continuous objective.",
    probe=measure,
)
