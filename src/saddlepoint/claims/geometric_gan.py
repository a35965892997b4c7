"""Lim and Ye 2017: the discriminator as a support vector machine."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from saddlepoint.claims.claim import Claim, Published, Setting, Trained
from saddlepoint.claims.critic import PROTOCOL, judged
from saddlepoint.metrics.measurement import Measurement


def measure(trained: Trained) -> Iterator[Measurement]:
    """Support vectors alone move an SVM: the share of examples on or inside the margin."""
    model, real, fake = judged(trained)
    with torch.no_grad():
        inside = torch.cat([model.discriminator(real) < 1, model.discriminator(fake) > -1]).float()
    yield Measurement(
        metric="share of examples that move the discriminator", value=float(inside.mean()), protocol=PROTOCOL
    )


CLAIM = Claim(
    recipe="geometric_gan",
    statement="An SVM's hyperplane, with the widest margin between features of data and fakes, leads the generator to "
    "a Nash equilibrium, and only examples near it move the discriminator.",
    published={
        "mnist": Published(
            value="none",
            measure="samples only",
            where="section 5",
            comparable="no: the paper has pictures only",
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(images=60_000, options={"width": 32, "batch": 32, "ema": 4_000}),
        },
        "full": {
            "mnist": Setting(images=5_000_000, options={}),
        },
    },
    gap="The paper judges by eye. Its weight of |w|² is C = 1 over a batch of 64 in our reading, which was from "
    "memory.",
    probe=measure,
)
