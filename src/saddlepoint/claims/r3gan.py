"""Huang et al. 2024: a modern baseline without tricks."""

from saddlepoint.claims.claim import Claim, Published, Setting

QUICK = {
    "width": 32,
    "blocks": 1,
    "batch": 16,
    "lr": (3e-3, 1e-3),
    "gamma": (1.0, 0.1),
    "burn_in": 12_000,
    "ema": 1_000,
}

CLAIM = Claim(
    recipe="r3gan",
    statement="A relativistic loss with both penalties converges without tricks, keeps all modes of stacked MNIST, "
    "and with modern networks beats StyleGAN2.",
    published={
        "mnist": Published(
            value="1000 of 1000",
            measure="modes of stacked MNIST covered",
            where="section 5",
            comparable="no: stacked MNIST has 1,000 modes, and this is MNIST",
        ),
        "cifar10": Published(
            value="1.96",
            measure="FID, 50,000 samples",
            where="section 5, CIFAR-10",
            comparable="no: FID against other features, and a training thousands of times longer",
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(images=12_000, options=QUICK),
            "cifar10": Setting(images=12_000, options=QUICK),
        },
        "full": {
            "mnist": Setting(images=20_000_000, options={"width": 128, "batch": 256, "burn_in": 2_000_000}),
            "cifar10": Setting(images=200_000_000, options={"batch": 512, "ema": 500_000, "flip": True}),
        },
    },
    gap="The paper trains two networks of 20 million parameters each on CIFAR-10, with augmentation, which is not "
    "here. Quick scale is a tenth of a million parameters for 750 steps of 16 images, so rates are fifteen times and "
    "gamma twenty times the paper's, and the schedules end with the budget.",
)
