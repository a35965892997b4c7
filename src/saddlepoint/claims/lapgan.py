"""Denton et al. 2015: from coarse to fine."""

from saddlepoint.claims.claim import Claim, Published, Setting
from saddlepoint.claims.labels import measure

CLAIM = Claim(
    recipe="lapgan",
    statement="A chain of small conditional GANs, one a level of a Laplacian pyramid, makes images more "
    "convincing than one GAN at full size.",
    published={
        "mnist": Published(
            value="none",
            measure="40% of CIFAR-10 samples taken for real by people",
            where="figure 5, from memory",
            comparable="no: the paper does not use MNIST, and people are no classifier",
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(images=40_000, options={"width": 16, "batch": 32, "ema": 4000, "hidden": 300, "lr": 1e-3})
        },
        "full": {"mnist": Setting(images=5_000_000, options={"batch": 64})},
    },
    gap="Trained with Adam at DCGAN's rates instead of SGD with momentum and a schedule; people are not asked.",
    probe=measure,
)
