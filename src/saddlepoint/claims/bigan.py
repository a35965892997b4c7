"""Donahue et al. 2017: the encoder of a GAN."""

from saddlepoint.claims.claim import Claim, Published, Setting
from saddlepoint.claims.inference import measure

CLAIM = Claim(
    recipe="bigan",
    statement="An encoder that plays beside the generator learns to invert it, without ever comparing an image "
    "with its reconstruction.",
    published={
        "mnist": Published(
            value="97.39%",
            measure="accuracy of one nearest neighbour in E(x), permutation-invariant MNIST",
            where="table 1, from memory",
            comparable="no: nearest neighbours in feature space are not measured here",
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(images=38_000, options={"width": 32, "latent": 16, "lr": 5e-4, "batch": 32, "ema": 4000})
        },
        "full": {"mnist": Setting(images=5_000_000, options={"batch": 128})},
    },
    gap="The paper's MNIST networks are dense, with 1,024 units twice; ours are DCGAN's and a dense part for "
    "z. Reconstruction is measured instead of nearest neighbours.",
    probe=measure,
)
