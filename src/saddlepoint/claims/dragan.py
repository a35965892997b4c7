"""Kodali et al. 2017: a smooth discriminator around the data."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from saddlepoint.claims.claim import Claim, Published, Setting, Trained
from saddlepoint.claims.critic import PROTOCOL, judged
from saddlepoint.metrics.measurement import Measurement
from saddlepoint.objectives.penalties import slope


def measure(trained: Trained) -> Iterator[Measurement]:
    """The slope around data, which is held at 1, and at samples, where nothing holds it."""
    model, real, fake = judged(trained)
    noise = torch.randn(real.shape, generator=torch.Generator().manual_seed(trained.seed))
    around = real + model.config.reach * real.std() * noise
    for where, x in (("around data", around), ("at samples", fake)):
        slopes = slope(model.discriminator, x).detach()
        yield Measurement(metric=f"slope of the discriminator {where}", value=float(slopes.mean()), protocol=PROTOCOL)


CLAIM = Claim(
    recipe="dragan",
    statement="A penalty around data, and there only, holds the norm of the discriminator's gradients at 1.",
    published={
        "mnist": Published(
            value="none",
            measure="Inception and Boundary scores on other sets",
            where="section 3",
            comparable="no: the paper has no number for MNIST samples",
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(images=36_000, options={"width": 32, "lr": 5e-4, "batch": 32, "ema": 4_000}),
        },
        "full": {
            "mnist": Setting(images=5_000_000, options={}),
        },
    },
    gap="The paper's claim is that sharp gradients go with mode collapse and that the penalty avoids both; we measure "
    "slopes at the end of a training, and neither collapse nor a training without the penalty. It compares many small "
    "networks on CIFAR-10 by Inception score. Our noise is half the data's deviation, as in the authors' code from "
    "memory, and D has layer norm.",
    probe=measure,
)
