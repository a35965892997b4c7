"""Makhzani et al. 2015: an autoencoder whose encoder classifies, from a hundred labels."""

from saddlepoint.claims.claim import Claim, Published, Setting
from saddlepoint.claims.codes import reconstructions
from saddlepoint.claims.improved_gan import measure

PAPER = {"labels": 100, "batch": 100}

CLAIM = Claim(
    recipe="aae",
    statement="Held by two adversaries to a prior of styles and one of classes, an autoencoder learns to classify "
    "MNIST from 100 labels and all the unlabelled images.",
    published={
        "mnist": Published(
            value="1.90% ± 0.10%",
            measure="test error with 100 labels, dense networks",
            where="table 2",
            comparable="yes",
        ),
    },
    settings={
        "quick": {"mnist": Setting(images=100_000, options={**PAPER, "ema": 10_000})},
        "full": {"mnist": Setting(images=30_000_000, options={**PAPER, "ema": 500_000, "decay": "linear"})},
    },
    gap="The paper trains on all 60,000 images; here 3,000 of them are held out for validation and not used. Each "
    "seed draws its own 100 labels. At quick scale, less than two epochs, the unlabelled images have only begun to "
    "help.",
    probe=measure,
    pictures={"reconstructions": reconstructions},
)
