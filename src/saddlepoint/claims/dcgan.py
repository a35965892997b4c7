"""Radford, Metz and Chintala 2016: a stable convolutional GAN."""

from saddlepoint.claims.claim import Claim, Published, Setting

CLAIM = Claim(
    recipe="dcgan",
    statement="Five guidelines make convolutional GANs train stably on many sets, and what they learn is useful: "
    "a discriminator's features classify images it never saw.",
    published={
        "mnist": Published(
            value="none",
            measure="samples only",
            where="appendix",
            comparable="no: the paper has no number for MNIST samples",
        ),
        "cifar10": Published(
            value="82.8%",
            measure="accuracy of a linear classifier on features of a discriminator trained on ImageNet",
            where="table 1",
            comparable="no: it judges features, and we judge samples",
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(images=60_000, options={"width": 32, "batch": 32, "ema": 4_000}),
            "cifar10": Setting(images=60_000, options={"width": 32, "batch": 32, "ema": 4_000}),
        },
        "full": {
            "mnist": Setting(images=5_000_000, options={"batch": 128}),
            "cifar10": Setting(images=10_000_000, options={"batch": 128}),
        },
    },
    gap="Classification with the discriminator's features is not measured here. The guidelines themselves are "
    "asserted by tests on the built networks; here stands how good the samples are.",
)
