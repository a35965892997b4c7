"""Miyato and Koyama 2018: the label as an inner product."""

from saddlepoint.claims.claim import Claim, Published, Setting
from saddlepoint.claims.labels import measure

CLAIM = Claim(
    recipe="projection_gan",
    statement="A projection discriminator makes class-conditional samples of better quality than concatenation "
    "or an auxiliary classifier.",
    published={
        "mnist": Published(
            value="29.7 ± 0.61",
            measure="Inception score on ImageNet at 128 pixels, 450,000 iterations",
            where="table 1, from memory",
            comparable="no: another data set, and a training on many GPUs",
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(images=30_000, options={"width": 16, "batch": 32, "ema": 4000, "lr": 0.0004, "d_steps": 2})
        },
        "full": {"mnist": Setting(images=20_000_000, options={"batch": 64})},
    },
    gap="The paper's ImageNet networks have 1,024 channels; quick scale has 16 times fewer and a five "
    "hundredth of the images.",
    probe=measure,
)
