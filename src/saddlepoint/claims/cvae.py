"""Sohn et al. 2015: what is told need not be encoded."""

from saddlepoint.claims.claim import Claim, Published, Setting
from saddlepoint.claims.labels import measure
from saddlepoint.claims.styles import style_grid

NETWORK = {"network": "dense", "likelihood": "bernoulli", "batch": 100}

CLAIM = Claim(
    recipe="cvae",
    statement="A conditional bound learns p(x|y): samples show the class asked for, and the code keeps the rest.",
    published={
        "mnist": Published(
            value="68.62 nats, against 100.03 of a network without latents",
            measure="negative conditional log-likelihood of three quadrants of binary MNIST given the fourth",
            where="table 1, from memory and not verified",
            comparable="no: the paper is told a part of the image, we the label",
        ),
    },
    settings={
        "quick": {"mnist": Setting(images=250_000, options={**NETWORK, "latent": 10, "batch": 50, "ema": 5_000})},
        "full": {"mnist": Setting(images=50_000_000, options=NETWORK)},
    },
    gap="The paper predicts parts of an image from other parts, with a prior of the code that sees them; here the "
    "condition is the label and the prior of the code does not depend on it.",
    probe=measure,
    pictures={"styles": style_grid},
)
