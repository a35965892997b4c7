"""Gulrajani et al. 2017: a critic whose loss means something."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from saddlepoint import runs
from saddlepoint.api import load
from saddlepoint.claims.claim import Claim, Published, Setting, Trained
from saddlepoint.metrics.collect import draw
from saddlepoint.metrics.evaluate import evaluate
from saddlepoint.metrics.measurement import Measurement

N = 1_000


def measure(trained: Trained) -> Iterator[Measurement]:
    """Section 5.3: the critic's estimate falls as samples get better. Both are measured at every checkpoint, of the
    raw weights and on validation images, which the critic has not seen; 1 is perfect agreement of their order."""
    estimates: list[float] = []
    distances: list[float] = []
    protocol: dict[str, Any] = {}
    for path in runs.checkpoints(trained.run.path):
        model: Any = load(trained.run, weights="raw", checkpoint=int(path.name))
        fd = evaluate(model, trained.data, metrics=["fd"], n=N, seed=trained.seed, split="validation", offline=True)[0]
        real = trained.data.validation.x(np.arange(min(N, len(trained.data.validation))))
        with torch.no_grad():
            scores = [model.discriminator(x).mean() for x in (real, draw(model, N, trained.seed))]
        estimates.append(float(scores[0] - scores[1]))
        distances.append(fd.value)
        protocol = fd.protocol
    about = {"n": len(distances), "reference": "validation", "weights": "raw", "features": protocol.get("features")}
    yield Measurement(
        metric="rank correlation of the critic's estimate with FD over checkpoints",
        value=rank_correlation(estimates, distances),
        protocol=about,
    )


def rank_correlation(a: Sequence[float], b: Sequence[float]) -> float:
    """Spearman's, for values without ties."""
    ranks = [np.argsort(np.argsort(values)).astype(float) for values in (a, b)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1]) if len(a) > 1 else float("nan")


CLAIM = Claim(
    recipe="wgan_gp",
    statement="With a gradient penalty many architectures train stably without tuning, and the critic's loss tells "
    "how good the samples are.",
    published={
        "mnist": Published(
            value="none",
            measure="curves of the critic's loss only",
            where="section 5.3",
            comparable="no: the paper has no number for MNIST samples",
        ),
        "cifar10": Published(
            value="7.86 ± 0.07",
            measure="Inception score, unsupervised, ResNet",
            where="table 3",
            comparable="no: another score, larger networks and 300 times the training",
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(
                images=64_000,
                options={
                    "width": 16,
                    "lr": 5e-4,
                    "batch": 32,
                    "ema": 4_000,
                    "checkpoint_every": 50,
                    "keep": 20,
                },
            ),
            "cifar10": Setting(
                images=64_000,
                options={
                    "width": 16,
                    "lr": 5e-4,
                    "batch": 32,
                    "ema": 4_000,
                    "checkpoint_every": 50,
                    "keep": 20,
                },
            ),
        },
        "full": {
            "mnist": Setting(images=16_000_000, options={"width": 64, "checkpoint_every": 5_000, "keep": 20}),
            "cifar10": Setting(images=64_000_000, options={"decay": "linear", "checkpoint_every": 20_000, "keep": 20}),
        },
    },
    gap="The paper's score is of residual networks over 100,000 generator updates; ours are DCGAN's, and at "
    "quick scale a few hundred updates at five times the paper's learning rate.",
    probe=measure,
)
