"""Van den Oord et al. 2016: images as a product of pixels, learned by masked convolutions."""

from saddlepoint.claims.claim import Claim, Published, Setting

DIGITS = {"binarise": "fixed", "head": 32, "batch": 16}

CLAIM = Claim(
    recipe="pixel_cnn",
    statement="Convolutions masked to see earlier pixels alone give an exact likelihood close to that of two-"
    "dimensional recurrent networks, and train in parallel over pixels.",
    published={
        "mnist": Published(
            value="-81.30",
            measure="log p(x) in nats, binarised digits",
            where="table 4, from memory",
            comparable="no: other draws of the binary pixels than the file that the papers share",
        )
    },
    settings={
        "quick": {
            "mnist": Setting(
                images=64_000,
                options={**DIGITS, "blocks": 5, "width": 16, "lr": 3e-3, "ema": 2_000, "sample_every": 0},
            )
        },
        "full": {"mnist": Setting(images=20_000_000, options=DIGITS)},
    },
    gap="Quick scale has a third of the blocks, an "
    "eighth of the width and one pass over the data; the paper does not give PixelCNN's size for digits, so that full "
    "scale takes the one for CIFAR-10.",
)
