"""Arjovsky et al. 2017: a critic whose loss means something, by clipped weights."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from saddlepoint.claims import wgan_gp
from saddlepoint.claims.claim import Claim, Published, Setting, Trained
from saddlepoint.claims.critic import judged
from saddlepoint.metrics.measurement import Measurement


def measure(trained: Trained) -> Iterator[Measurement]:
    """The meaningful loss (section 4.2), and what clipping does to the weights (Gulrajani et al. 2017, figure 1)."""
    yield from wgan_gp.measure(trained)
    model, _, _ = judged(trained, n=1)
    sizes = torch.cat([p.detach().abs().flatten() for p in model.discriminator.parameters()])
    yield Measurement(
        metric="share of the critic's weights at their bounds",
        value=float((sizes > 0.99 * model.config.clip).float().mean()),
        protocol={"weights": "raw"},
    )


CLAIM = Claim(
    recipe="wgan",
    statement="A critic with clipped weights trained till optimality estimates a Wasserstein distance up to scale: "
    "its loss falls as samples improve, and batch norm or a special network is not needed.",
    published={
        "mnist": Published(
            value="none",
            measure="curves of the critic's loss only",
            where="section 4.2",
            comparable="no: the paper has no number for samples of any set",
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(
                images=90_000,
                options={
                    "width": 32,
                    "lr": 5e-4,
                    "long_d_steps": 10,
                    "batch": 32,
                    "ema": 4_000,
                    "checkpoint_every": 50,
                    "keep": 20,
                },
            ),
        },
        "full": {
            "mnist": Setting(images=32_000_000, options={"checkpoint_every": 5_000, "keep": 20}),
        },
    },
    gap="The paper shows curves and pictures of bedrooms after 100,000 generator updates and more. At quick scale "
    "there are some 550 at ten times the paper's rate, and the first long critic phases are a tenth as long.",
    probe=measure,
)
