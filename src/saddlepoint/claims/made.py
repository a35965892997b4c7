"""Germain et al. 2015: an autoencoder that is a distribution, by masks alone."""

from saddlepoint.claims.claim import Claim, Published, Setting

CLAIM = Claim(
    recipe="made",
    statement="Masks turn a dense autoencoder into an exact density estimator, whose many orders at once do better "
    "than one.",
    published={
        "mnist": Published(
            value="-88.04 with one hidden layer, -86.64 with two",
            measure="log p(x) in nats, binarised digits, 32 masks, 8000 units a layer",
            where="table 6, from memory",
            comparable="no: other draws of the binary pixels than the file that the papers share",
        )
    },
    settings={
        "quick": {
            "mnist": Setting(
                images=300_000,
                options={"binarise": "fixed", "masks": 4, "lr": 2e-3, "batch": 100, "ema": 10_000, "sample_every": 0},
            )
        },
        "full": {
            "mnist": Setting(images=50_000_000, options={"binarise": "fixed", "widths": (8000, 8000), "batch": 100})
        },
    },
    gap="Quick scale has one layer of 500 units, 4 masks and five passes over the data; Adam for Adagrad. "
    "That many orders beat one is not measured.",
)
