"""Salimans et al. 2017: a mixture of logistics over grey levels that have an order."""

from saddlepoint.claims.claim import Claim, Published, Setting

QUICK = {"channels": 16, "layers": 1, "mixtures": 5, "dropout": 0.0, "batch": 16, "lr": 4e-3, "sample_every": 0}

CLAIM = Claim(
    recipe="pixel_cnn_pp",
    statement="A discretised mixture of logistics over whole pixels, shortcuts over halved images and dropout give a "
    "simpler and better PixelCNN than one softmax for each of 256 levels.",
    published={
        "mnist": Published(value="none", measure="not tried", where="-", comparable="no: the paper does not use MNIST"),
        "cifar10": Published(
            value="2.92",
            measure="bits/dim on test images",
            where="table 1",
            comparable="no: at quick scale the network is a tenth as wide",
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(images=8_000, options={**QUICK, "ema": 1_500}),
            "cifar10": Setting(images=6_000, options={**QUICK, "ema": 1_500}),
        },
        "full": {
            "mnist": Setting(images=20_000_000, options={"ema": 90_000}),
            "cifar10": Setting(images=150_000_000, options={"ema": 90_000, "flip": True}),
        },
    },
    gap="Quick scale has a tenth of the channels, a fifth of the layers and a part of one epoch. Sampling goes pixel "
    "by pixel, so that 1,000 samples are judged instead of 10,000.",
    samples=1_000,
)
