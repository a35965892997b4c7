"""Jolicoeur-Martineau 2018: real examples are to look less real as fakes look more so."""

from saddlepoint.claims.claim import Claim, Published, Setting

CLAIM = Claim(
    recipe="ragan",
    statement="A discriminator that compares an example with the average of the other kind trains more stably and "
    "gives better samples than one that judges it alone.",
    published={
        "mnist": Published(
            value="none",
            measure="FID on CIFAR-10 and cats only",
            where="section 5",
            comparable="no: the paper has no number for MNIST samples",
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(images=60_000, options={"width": 32, "batch": 32, "ema": 4_000}),
        },
        "full": {
            "mnist": Setting(images=5_000_000, options={}),
        },
    },
    gap="The paper compares losses on CIFAR-10 and on 256x256 cats with spectral or batch norm; here is one loss, its "
    "RaSGAN, on DCGAN's networks.",
)
