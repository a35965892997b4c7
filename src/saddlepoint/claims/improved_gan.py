"""Salimans et al. 2016: a classifier from a hundred labels."""

from __future__ import annotations

from collections.abc import Iterator

from saddlepoint.claims.claim import Claim, Published, Setting, Trained
from saddlepoint.metrics.accuracy import correct
from saddlepoint.metrics.likelihood import mean_and_error
from saddlepoint.metrics.measurement import Measurement


def measure(trained: Trained) -> Iterator[Measurement]:
    """The share of test images put into a wrong class, by the averaged weights and by those as trained."""
    labels, test = trained.data.options.labels, trained.data.test
    for weights, model in (("average", trained.model), ("raw", trained.run.model(weights="raw"))):
        right, error = mean_and_error(correct(model, trained.data, test))
        yield Measurement(
            metric=f"test error with {labels} labels, {weights} weights",
            value=1 - right,
            error=error,
            protocol={"n": len(test), "reference": "test", "weights": weights},
        )


# The authors' code (MNIST, feature matching): 300 epochs in batches of 100; the mean of the weights that it tests moves
# by 1e-4 of the way at each step, a half-life of 693,000 images.
PAPER = {"labels": 100, "batch": 100, "ema": 693_000}

CLAIM = Claim(
    recipe="improved_gan",
    statement="With feature matching a GAN whose discriminator also names the class learns MNIST from 100 labels "
    "and all the unlabelled images.",
    published={
        "mnist": Published(
            value="0.93% ± 0.065%",
            measure="test error with 100 labels, mean and spread of 10 draws of the labels",
            where="table 1",
            comparable="yes",
        ),
    },
    settings={
        "quick": {"mnist": Setting(images=180_000, options={**PAPER, "ema": 20_000})},
        "full": {"mnist": Setting(images=18_000_000, options=PAPER)},
    },
    gap="The paper trains on all 60,000 images; here 3,000 of them are held out for validation and not used. Each "
    "seed draws its own 100 labels. At quick scale, 3 epochs, the unlabelled images have only begun to help.",
    probe=measure,
)
