"""Berthelot, Schumm and Metz 2017: an equilibrium that is held, a measure that falls, images that have a z."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from saddlepoint import runs
from saddlepoint.api import load
from saddlepoint.claims.claim import Claim, Published, Setting, Trained
from saddlepoint.claims.wgan_gp import rank_correlation
from saddlepoint.metrics.collect import draw
from saddlepoint.metrics.evaluate import evaluate
from saddlepoint.metrics.measurement import Measurement

N, INVERTED = 1_000, 32


def measure(trained: Trained) -> Iterator[Measurement]:
    """Sections 3.3 to 4.3: the controller's aim, the convergence measure, and images reached by optimisation."""
    held_out = trained.data.validation.x(np.arange(min(N, len(trained.data.validation))))
    measures: list[float] = []
    distances: list[float] = []
    ratio, features = float("nan"), None
    for path in runs.checkpoints(trained.run.path):
        model: Any = load(trained.run, weights="raw", checkpoint=int(path.name))
        fd = evaluate(model, trained.data, metrics=["fd"], n=N, seed=trained.seed, split="validation", offline=True)[0]
        samples = draw(model, N, trained.seed)
        with torch.no_grad():
            real, fake = (
                float(torch.cat([model.energy(part) for part in x.split(100)]).mean()) for x in (held_out, samples)
            )
        measures.append(real + abs(model.config.gamma * real - fake))
        distances.append(fd.value)
        ratio, features = fake / real, fd.protocol.get("features")
    about = {"n": N, "reference": "validation", "weights": "raw"}
    gamma = trained.run.model(weights="raw").config.gamma
    yield Measurement(
        metric=f"energy of samples over that of data at the end (gamma: {gamma})", value=ratio, protocol=about
    )
    yield Measurement(
        metric="rank correlation of the convergence measure with FD over checkpoints",
        value=rank_correlation(measures, distances),
        protocol=about | {"n": len(distances), "features": features},
    )
    encoder: Any = trained.model
    x = held_out[:INVERTED].to(encoder.device)
    with torch.no_grad():
        nearest = float((x - encoder.generate(encoder.encode(x))).abs().mean())
        middle = float((x - held_out.mean(0).to(x)).abs().mean())
    yield Measurement(
        metric="mean |x - G(z)| of held-out images by optimisation, over that of their mean",
        value=nearest / middle,
        protocol=about | {"n": INVERTED, "weights": "average"},
    )


QUICK = {
    "width": 8,
    "latent": 32,
    "code": 32,
    "batch": 16,
    "lr": 1e-3,
    "gain": 0.05,
    "gamma": 1.0,
    "ema": 2_000,
    "checkpoint_every": 300,
    "keep": 20,
}

CLAIM = Claim(
    recipe="began",
    statement="Holding the ratio of an auto-encoder's two errors balances the players, gives a measure of convergence "
    "and a trade of variety against quality; images outside the training set have a z that makes them.",
    published={
        "mnist": Published(
            value="none", measure="not tried", where="-", comparable="no: the paper's images are faces and CIFAR-10"
        ),
        "cifar10": Published(
            value="5.62",
            measure="Inception score, unsupervised, from memory",
            where="table 1",
            comparable="no: another score, a larger network and hundreds of times the training",
        ),
    },
    settings={
        "quick": {on: Setting(images=36_000, options=QUICK) for on in ("mnist", "cifar10")},
        "full": {
            on: Setting(images=5_000_000, options={"batch": 16, "checkpoint_every": 10_000, "keep": 40})
            for on in ("mnist", "cifar10")
        },
    },
    gap="The paper trains on 360,000 faces of 64 to 128 pixels. At quick scale k must rise within two thousand steps: "
    "gain is fifty times the paper's, gamma 1 and the learning rate ten times its own.",
    probe=measure,
)
