"""Bao et al. 2017: a class, a style, and a generator that matches means."""

from saddlepoint.claims.claim import Claim, Published, Setting
from saddlepoint.claims.codes import reconstructions
from saddlepoint.claims.labels import measure

CLAIM = Claim(
    recipe="cvae_gan",
    statement="A conditional VAE/GAN whose generator matches mean features, in the place of deceiving D, draws what it "
    "is asked for, sharply and without collapse.",
    published={
        "mnist": Published(
            value="none",
            measure="not tried",
            where="-",
            comparable="no: the paper learns faces, birds and flowers (FaceScrub, CUB, 102 flowers)",
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(images=32_000, options={"width": 16, "latent": 8, "lr": 1e-3, "batch": 32, "ema": 4_000})
        },
        "full": {"mnist": Setting(images=5_000_000, options={"width": 64, "latent": 64, "batch": 128})},
    },
    gap="The paper's sets are of many fine classes, 200 birds or 530 people; ours has ten digits. How many samples "
    "show the class that was asked for is its own measure too.",
    probe=measure,
    pictures={"reconstructions": reconstructions},
)
