"""Brock et al. 2017: an encoder on the discriminator's own features."""

from saddlepoint.claims.claim import Claim, Published, Setting
from saddlepoint.claims.codes import reconstructions
from saddlepoint.claims.inference import measure

CLAIM = Claim(
    recipe="ian",
    statement="One layer on a discriminator's features is encoder enough: samples of a GAN's kind, and reconstructions "
    "good enough to edit photographs by.",
    published={
        "mnist": Published(
            value="none",
            measure="not tried",
            where="-",
            comparable="no: the paper learns CelebA, SVHN, CIFAR-10 and ImageNet",
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(images=30_000, options={"width": 32, "latent": 16, "lr": 5e-4, "batch": 32, "ema": 4_000})
        },
        "full": {"mnist": Setting(images=5_000_000, options={"width": 64, "latent": 64})},
    },
    gap="The paper edits faces by eye and classifies SVHN by its features. How far reconstructions miss in pixels is "
    "our measure, beside that of the other models that encode.",
    probe=measure,
    pictures={"reconstructions": reconstructions},
)
