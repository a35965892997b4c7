"""Mirza and Osindero 2014: samples of the class that is asked for."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from saddlepoint.claims.claim import Claim, Published, Setting, Trained
from saddlepoint.metrics.choose import choose
from saddlepoint.metrics.collect import draw, features_of
from saddlepoint.metrics.measurement import FLOOR, Measurement


def measure(trained: Trained) -> Iterator[Measurement]:
    """Share of samples that the classifier puts into the class they were asked for; beside it, of real images."""
    features = choose("auto", trained.data, offline=True)
    assert features.head is not None
    n = max(len(trained.data.test), 1_000)
    y = torch.arange(n) % len(trained.data.spec.classes)
    x = draw(trained.model, n, trained.seed, y)
    agreement = float((features.head(features_of(x, features)).argmax(1) == y).double().mean())
    about = {"n": n, "reference": "test", "weights": "average", "features": features.name}
    error = (agreement * (1 - agreement) / n) ** 0.5
    yield Measurement(metric="label agreement", value=agreement, error=error, protocol=about)
    if features.accuracy is not None:
        yield Measurement(metric="label agreement" + FLOOR, value=features.accuracy, protocol=about)


CLAIM = Claim(
    recipe="cgan",
    statement="A GAN whose players both see the label makes digits of the class that is asked for.",
    published={
        "mnist": Published(
            value="132 ± 1.8",
            measure="Parzen-window log-likelihood in nats",
            where="table 1",
            comparable="no: a Parzen window measures something else than a Frechet distance",
        ),
        "cifar10": Published(
            value="none", measure="not tried", where="-", comparable="no: the paper does not use CIFAR-10"
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(images=60_000, options={"network": "conv", "width": 32, "batch": 32, "ema": 4_000}),
            "cifar10": Setting(images=60_000, options={"network": "conv", "width": 32, "batch": 32, "ema": 4_000}),
        },
        "full": {
            "mnist": Setting(images=20_000_000, options={"batch": 100}),
            "cifar10": Setting(images=10_000_000, options={"network": "conv", "batch": 128}),
        },
    },
    gap="The paper gives likelihoods and a picture; that a sample shows the class asked for is our measure of its "
    "claim. Quick scale uses the convolutional networks, full scale the paper's dense ones on MNIST.",
    probe=measure,
)
