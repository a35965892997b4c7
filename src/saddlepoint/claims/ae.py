"""Hinton and Salakhutdinov 2006: a nonlinear code beats as many principal components."""

from saddlepoint.claims.claim import Claim, Published, Setting
from saddlepoint.claims.codes import against_components, interpolations, reconstructions

CLAIM = Claim(
    recipe="ae",
    statement="A deep autoencoder's code rebuilds an image far better than as many principal components do.",
    published={
        "mnist": Published(
            value="3.00 with 30 numbers; 13.87 with 30 principal components",
            measure="squared error of a test image, pixels in [0, 1]",
            where="figure 2B, from memory",
            comparable="no: other images may have been shown, and ours trains for far fewer passes",
        ),
    },
    settings={
        "quick": {"mnist": Setting(images=500_000, options={"network": "dense", "batch": 128, "ema": 10_000})},
        "full": {"mnist": Setting(images=50_000_000, options={"network": "dense", "batch": 1000})},
    },
    gap="Trained by Adam from random weights with ReLU units, where the paper's logistic ones were pretrained as "
    "a stack of RBMs; the loss is the squared error itself, where the paper's is a cross-entropy.",
    probe=against_components,
    pictures={"reconstructions": reconstructions, "interpolations": interpolations},
)
