"""Mescheder et al. 2018: training converges where the discriminator's gradient at data is paid for."""

from saddlepoint.claims.claim import Claim, Published, Setting

QUICK = {"penalties": ["r1"], "weights": [1.0], "norm": "layer", "width": 32, "lr": 1e-3, "batch": 32, "ema": 4_000}

CLAIM = Claim(
    recipe="composed_gan",
    statement="With R1, the squared gradient of the discriminator at data, the plain non-saturating game converges "
    "locally, without batch norm or a bound on slopes, up to images of 1024 pixels.",
    published={
        "mnist": Published(
            value="none",
            measure="Inception scores on ImageNet and pictures of faces and bedrooms only",
            where="section 5",
            comparable="no: the paper has no number for MNIST samples",
        ),
    },
    settings={
        "quick": {"mnist": Setting(images=36_000, options=QUICK)},
        "full": {"mnist": Setting(images=5_000_000, options={"penalties": ["r1"], "network": "r3gan", "lr": 1e-4})},
    },
    gap="The paper trains residual networks of its own for days. Ours at quick scale are DCGAN's with layer norm in D "
    "for a minute. The claim is run for one composition, the preset r1_gan; the others are trained a step each by "
    "tests.",
)
