"""Odena et al. 2017: a discriminator that names the class."""

from saddlepoint.claims.claim import Claim, Published, Setting
from saddlepoint.claims.labels import measure

CLAIM = Claim(
    recipe="acgan",
    statement="A discriminator that must name the class makes the generator's samples show it.",
    published={
        "mnist": Published(
            value="none",
            measure="ImageNet classes whose samples an Inception network recognises",
            where="section 4.1",
            comparable="no: the paper does not use MNIST",
        ),
    },
    settings={
        "quick": {"mnist": Setting(images=60_000, options={"width": 32, "batch": 32, "ema": 4000})},
        "full": {"mnist": Setting(images=5_000_000, options={"batch": 100})},
    },
    gap="The paper judges 100 generators of ten ImageNet classes each at 128 pixels by Inception accuracy; we "
    "ask a classifier of MNIST how often a sample shows its class.",
    probe=measure,
)
