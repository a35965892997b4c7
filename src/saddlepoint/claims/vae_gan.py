"""Larsen et al. 2016: reconstructions by features that a discriminator has learned, not by pixels."""

from saddlepoint.claims.claim import Claim, Published, Setting
from saddlepoint.claims.codes import reconstructions
from saddlepoint.claims.inference import measure

CLAIM = Claim(
    recipe="vae_gan",
    statement="An autoencoder that is judged by a discriminator's features in the place of pixels draws sharper images "
    "than a VAE, and its codes still know what they encode.",
    published={
        "mnist": Published(
            value="none",
            measure="not tried",
            where="-",
            comparable="no: the paper learns faces (CelebA, LFW), where it counts matching attributes",
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(
                images=25_000, options={"width": 32, "latent": 16, "gamma": 0.01, "batch": 32, "ema": 4_000}
            )
        },
        "full": {"mnist": Setting(images=5_000_000, options={"width": 64, "latent": 64})},
    },
    gap="What the paper measures needs faces with attributes. Here the distance of samples from the data stands beside "
    "that of vae, and reconstructions are measured in pixels, which this model does not try to match.",
    probe=measure,
    pictures={"reconstructions": reconstructions},
)
