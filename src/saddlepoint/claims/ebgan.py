"""Zhao, Mathieu and LeCun 2017: a discriminator that is an energy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from saddlepoint.api import load
from saddlepoint.claims.claim import Claim, Published, Setting, Trained
from saddlepoint.metrics.collect import draw
from saddlepoint.metrics.measurement import Measurement
from saddlepoint.objectives.energy import pulling_away

N = 1_000


def measure(trained: Trained) -> Iterator[Measurement]:
    """Section 2: energy is low on the data manifold and at least the margin off it. All of raw weights, in units of
    the margin; images it was not trained on, samples, and the images with their rows of pixels in random order."""
    model: Any = load(trained.run, weights="raw")
    held_out = trained.data.validation.x(np.arange(min(N, len(trained.data.validation)))).to(model.device)
    samples = draw(model, N, trained.seed).to(model.device)
    rows = torch.randperm(held_out.shape[2], generator=torch.Generator().manual_seed(trained.seed))
    protocol = {"n": N, "reference": "validation", "weights": "raw"}
    for what, x in (("held-out images", held_out), ("samples", samples), ("shuffled rows", held_out[:, :, rows])):
        with torch.no_grad():
            energy = torch.cat([model.energy(part)[0] for part in x.split(100)]).mean()
        yield Measurement(
            metric=f"energy of {what} over the margin", value=float(energy) / model.config.margin, protocol=protocol
        )
    with torch.no_grad():
        codes = torch.cat([model.energy(part)[1] for part in samples.split(100)])
    yield Measurement(metric="pulling-away term of samples", value=float(pulling_away(codes)), protocol=protocol)


CLAIM = Claim(
    recipe="ebgan",
    statement="With an auto-encoder's error as an energy in place of a probability, GANs train more stably over a "
    "wide range of networks and settings, up to images of 256 pixels.",
    published={
        "mnist": Published(
            value="no single number",
            measure="histograms of a modified Inception score over a grid of settings",
            where="section 4.1",
            comparable="no: a spread over many settings, judged by another classifier",
        ),
        "cifar10": Published(
            value="none", measure="not tried", where="-", comparable="no: the paper does not use CIFAR-10"
        ),
    },
    settings={
        "quick": {
            on: Setting(images=64_000, options={"width": 16, "batch": 32, "lr": 1e-3, "margin": 0.2, "ema": 4_000})
            for on in ("mnist", "cifar10")
        },
        "full": {
            on: Setting(images=5_000_000, options={"width": 64, "margin": 0.2, "lr": 2e-4})
            for on in ("mnist", "cifar10")
        },
    },
    gap="The paper searches hundreds of settings and shows that more of them work than for a GAN. We train one, "
    "measure how good its samples are and whether its energy tells data from the rest.",
    probe=measure,
)
