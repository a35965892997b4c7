"""Kingma et al. 2014: a class among a VAE's latents."""

from saddlepoint.claims.claim import Claim, Published, Setting
from saddlepoint.claims.classes import measure
from saddlepoint.claims.codes import reconstructions

OPTIONS = {"labels": 100, "network": "dense", "likelihood": "bernoulli", "batch": 100}
SHORT = {"latent": 20, "class_weight": 10.0, "batch": 32, "ema": 5_000}
"""For a training that ends before it has begun to hear the paper's weight."""

CLAIM = Claim(
    recipe="m2",
    statement="A generative model with the class among its latents learns to classify from few labels, and draws each "
    "class in any style.",
    published={
        "mnist": Published(
            value="11.97% ± 1.71%",
            measure="test error with 100 labels, M2 on pixels",
            where="table 1, from memory",
            comparable="yes",
        ),
    },
    settings={
        "quick": {"mnist": Setting(images=60_000, options={**OPTIONS, **SHORT})},
        "full": {"mnist": Setting(images=50_000_000, options=OPTIONS)},
    },
    gap="The paper trains on 50,000 images for thousands of passes. At quick scale, one pass, M2 has only begun.",
    probe=measure,
    pictures={"reconstructions": reconstructions},
)
