"""Van den Oord et al. 2016: gates, two stacks without a blind spot, and labels."""

from saddlepoint.claims.claim import Claim, Published, Setting
from saddlepoint.claims.labels import measure

DIGITS = {"binarise": "fixed", "by_class": True, "batch": 16}
SMALL = {"layers": 5, "width": 16, "kernel": 3, "lr": 3e-3, "ema": 2_000, "sample_every": 0}


CLAIM = Claim(
    recipe="gated_pixel_cnn",
    statement="Gates and a second stack close PixelCNN's blind spot and match PixelRNN at its own likelihood, and a "
    "label in every gate makes samples of that class.",
    published={
        "mnist": Published(value="none", measure="not tried", where="-", comparable="no: the paper does not use MNIST")
    },
    settings={
        "quick": {
            "mnist": Setting(
                images=16_000,
                options={**DIGITS, **SMALL},
            )
        },
        "full": {"mnist": Setting(images=20_000_000, options={**DIGITS, "layers": 15, "width": 128})},
    },
    gap="The paper's numbers are bits per dimension of colour images (CIFAR-10: 3.03); here digits are binarised and "
    "scored given their labels. Quick scale has 5 layers of 20, width 16 of 384 and a quarter of a pass over the data.",
    probe=measure,
)
