"""Kingma et al. 2014: M2 on the codes of a VAE."""

from saddlepoint.claims.claim import Claim, Published, Setting
from saddlepoint.claims.classes import measure
from saddlepoint.claims.codes import reconstructions

OPTIONS = {"labels": 100, "likelihood": "bernoulli", "batch": 100}
SHORT = {"m1_steps": 3_000, "class_weight": 1.0, "batch": 50, "ema": 5_000}
"""For a training that ends before it has begun to hear the paper's weight."""

CLAIM = Claim(
    recipe="m1_m2",
    statement="M2 on the codes of a VAE tells digits from 100 labels far better than M2 on their pixels.",
    published={
        "mnist": Published(
            value="3.33% ± 0.14%",
            measure="test error with 100 labels, M1+M2",
            where="table 1, from memory",
            comparable="yes",
        ),
    },
    settings={
        "quick": {"mnist": Setting(images=250_000, options={**OPTIONS, **SHORT})},
        "full": {"mnist": Setting(images=100_000_000, options={**OPTIONS, "m1_steps": 500_000})},
    },
    gap="The paper trains on 50,000 images for thousands of passes. At quick scale, not three passes of M1 and two of "
    "M2, both have only begun.",
    probe=measure,
    pictures={"reconstructions": reconstructions},
)
