"""Kingma and Welling 2014: a lower bound that one gradient raises."""

from saddlepoint.claims.claim import Claim, Published, Setting
from saddlepoint.claims.codes import interpolations, manifold, reconstructions

PAPER = {"network": "dense", "likelihood": "bernoulli", "hidden": 500, "latent": 20, "batch": 100}

CLAIM = Claim(
    recipe="vae",
    statement="The reparameterised lower bound is maximised by plain stochastic gradients, faster and to a better "
    "value than wake-sleep, and superfluous latent dimensions do no harm.",
    published={
        "mnist": Published(
            value="a curve, no number",
            measure="lower bound in nats, 500 hidden units, 20 latent dimensions",
            where="figure 2",
            comparable="no: the paper prints a curve without a number",
        ),
        "cifar10": Published(
            value="none", measure="not tried", where="-", comparable="no: the paper does not use CIFAR-10"
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(images=600_000, options={**PAPER, "ema": 10_000}),
            "cifar10": Setting(images=80_000, options={"ema": 5_000}),
        },
        "full": {
            "mnist": Setting(images=100_000_000, options=PAPER),
            "cifar10": Setting(images=50_000_000, options={"latent": 128, "channels": 64}),
        },
    },
    gap="MNIST has the paper's networks and likelihood, with Adam for Adagrad; its bound is of images binarised at "
    "random, on average. CIFAR-10 has convolutions and a discretised logistic, so its bound is of 256 levels.",
    pictures={"reconstructions": reconstructions, "interpolations": interpolations, "manifold": manifold},
)
