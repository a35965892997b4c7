"""Saatchi and Wilson 2017: a posterior over generators avoids mode collapse."""

from __future__ import annotations

from collections.abc import Iterator

from saddlepoint.claims.against_gan import WIDTHS, compare
from saddlepoint.claims.claim import Claim, Published, Setting, Trained
from saddlepoint.metrics.measurement import Measurement

STEPS = 400


def measure(trained: Trained) -> Iterator[Measurement]:
    """Section 4.1's question on eight Gaussians, beside a single GAN of as many steps, each a tenth of the work."""
    yield from compare("bayesian_gan", trained.seed, STEPS, latent=2, widths=WIDTHS, lr=0.1, examples=100_000)


CLAIM = Claim(
    recipe="bayesian_gan",
    statement="Draws from the posterior of the weights, instead of one best set of them, avoid mode collapse without "
    "feature matching or minibatch discrimination.",
    published={
        "mnist": Published(
            value="none",
            measure="samples, and errors of semi-supervised classification",
            where="section 4.2",
            comparable="no: the paper has no number for samples of MNIST",
        ),
    },
    settings={
        "quick": {"mnist": Setting(images=12_160, options={"width": 16, "batch": 32, "ema": 1_000})},
        "full": {"mnist": Setting(images=3_200_000, options={"width": 64})},
    },
    gap="At quick scale twenty networks share the time of two and have 380 steps. Semi-supervised classification, the "
    "paper's main table, is not built: the discriminators here tell data from samples only.",
    probe=measure,
)
