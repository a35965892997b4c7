"""Dumoulin et al. 2017: inference learnt in the game."""

from saddlepoint.claims.claim import Claim, Published, Setting
from saddlepoint.claims.inference import measure

CLAIM = Claim(
    recipe="ali",
    statement="Encoder and generator learnt in one game give samples as good as a GAN's and reconstructions "
    "that keep what an image means.",
    published={
        "mnist": Published(
            value="none",
            measure="SVHN and CelebA semi-supervised errors only",
            where="tables 1 and 2",
            comparable="no: the paper has no number for MNIST",
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(images=28_000, options={"width": 32, "latent": 16, "lr": 5e-4, "batch": 32, "ema": 4000})
        },
        "full": {"mnist": Setting(images=5_000_000, options={"batch": 100})},
    },
    gap="The paper's convolutional and maxout networks of each set are replaced by DCGAN's; semi-supervised "
    "errors are not measured.",
    probe=measure,
)
