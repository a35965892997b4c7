"""Wu et al. 2018: a divergence without a slope to hold."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from saddlepoint.claims import wgan_gp
from saddlepoint.claims.claim import Claim, Published, Setting, Trained
from saddlepoint.claims.critic import PROTOCOL, judged
from saddlepoint.metrics.measurement import Measurement
from saddlepoint.objectives.penalties import interpolates, slope


def measure(trained: Trained) -> Iterator[Measurement]:
    """Whether the critic's estimate follows the samples, and which slope it chose, where wgan_gp is held at 1."""
    yield from wgan_gp.measure(trained)
    model, real, fake = judged(trained)
    share = torch.rand(len(real), generator=torch.Generator().manual_seed(trained.seed))
    slopes = slope(model.discriminator, interpolates(real, fake, share)).detach()
    yield Measurement(
        metric="slope of the critic between data and samples", value=float(slopes.mean()), protocol=PROTOCOL
    )


CLAIM = Claim(
    recipe="wgan_div",
    statement="Paying for a power of the critic's gradient gives a divergence that needs no Lipschitz constraint, and "
    "samples at least as good as those of wgan_gp.",
    published={
        "mnist": Published(
            value="none",
            measure="FID on CelebA and LSUN only",
            where="table 1",
            comparable="no: the paper has no number for MNIST samples",
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(
                images=90_000,
                options={"width": 16, "lr": 1e-3, "batch": 32, "ema": 4_000, "checkpoint_every": 50, "keep": 20},
            ),
        },
        "full": {
            "mnist": Setting(images=16_000_000, options={"width": 64, "checkpoint_every": 5_000, "keep": 20}),
        },
    },
    gap="The paper trains residual networks on faces and bedrooms; ours are DCGAN's, at quick scale with the budget "
    "and rate of wgan_gp.",
    probe=measure,
)
