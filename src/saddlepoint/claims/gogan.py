"""Juefei-Xu et al. 2017: each stage is to beat the one before."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from saddlepoint.claims.claim import Claim, Published, Setting, Trained
from saddlepoint.claims.critic import PROTOCOL, judged
from saddlepoint.metrics.measurement import Measurement
from saddlepoint.types import Noise


def measure(trained: Trained) -> Iterator[Measurement]:
    """Whether the margins are ever met: where they are not, the hinge is idle and the critic is Wasserstein GAN's."""
    model, real, _ = judged(trained)
    margin, z = model.config.margin, model.prior(Noise("margins", trained.seed, rows=len(real), device=model.device))
    with torch.no_grad():
        scores, own = model.discriminator(real), model.discriminator(model.generator(z))
        last = model.last_discriminator(model.last_generator(z))
    met, ranked = ((scores - lower >= m).float().mean() for lower, m in ((own, margin), (last, 2 * margin)))
    yield Measurement(metric="share of pairs that meet the stage's margin", value=float(met), protocol=PROTOCOL)
    yield Measurement(metric="share of pairs that meet the ranking margin", value=float(ranked), protocol=PROTOCOL)


OPTIONS = {"width": 16, "lr": 5e-4, "margin": 0.01, "batch": 32, "ema": 4_000, "stage_steps": 380}

CLAIM = Claim(
    recipe="gogan",
    statement="Trained in stages under a margin ranking loss, each GAN's samples score nearer to the data than those "
    "of the one before it.",
    published={
        "mnist": Published(
            value="none",
            measure="errors of image completion on CelebA, LSUN and CIFAR-10",
            where="section 4, from memory",
            comparable="no: the paper has no MNIST, and measures completion",
        ),
    },
    settings={
        "quick": {"mnist": Setting(images=182_400, options=OPTIONS)},
        "full": {"mnist": Setting(images=9_600_000, options={})},
    },
    gap="The paper's theorem, of optimally trained critics, is that each stage at least halves the gap to the data "
    "that the one before left. The gaps of different critics do not compare, and are not measured: we count the pairs "
    "that meet the margins. The paper's measure, image completion, is not built. At quick scale each of three stages "
    "has 380 generator updates at ten times the rate.",
    probe=measure,
)
