"""Lazarou 2020: a GAN that is an autoencoder both ways."""

from saddlepoint.claims.claim import Claim, Published, Setting
from saddlepoint.claims.inference import measure

CLAIM = Claim(
    recipe="aegan",
    statement="Two games, in the examples and in the latents, and two round trips give a bijection between prior and "
    "data: samples without collapse, and an encoder that inverts the generator.",
    published={
        "mnist": Published(
            value="none",
            measure="samples, reconstructions and interpolations of anime faces only",
            where="figures",
            comparable="no: the paper has pictures only",
        ),
    },
    settings={
        "quick": {"mnist": Setting(images=22_000, options={"width": 32, "batch": 32, "ema": 4_000})},
        "full": {"mnist": Setting(images=5_000_000, options={"batch": 64})},
    },
    gap="The paper judges by eye, on faces of 64 pixels, with networks of its own; ours are DCGAN's and a dense one "
    "for latents. How far both round trips miss is our measure of its claim.",
    probe=measure,
)
