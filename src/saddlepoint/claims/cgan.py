"""Mirza and Osindero 2014: samples of the class that is asked for."""

from saddlepoint.claims.claim import Claim, Published, Setting
from saddlepoint.claims.labels import measure

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
