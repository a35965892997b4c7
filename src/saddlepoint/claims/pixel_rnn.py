"""Van den Oord et al. 2016: images as a product of pixels, learned by two-dimensional LSTMs."""

from saddlepoint.claims.claim import Claim, Published, Setting

DIGITS = {"binarise": "fixed", "head": 32, "width": 16}

CLAIM = Claim(
    recipe="pixel_rnn",
    statement="LSTMs along the diagonals of an image give the best exact likelihood of their time, before those along "
    "its rows and before masked convolutions.",
    published={
        "mnist": Published(
            value="-79.20",
            measure="log p(x) in nats, binarised digits, 7 diagonal layers of width 16 (row LSTM: -80.54)",
            where="table 4, from memory",
            comparable="no: other draws of the binary pixels than the file that the papers share",
        )
    },
    settings={
        "quick": {
            "mnist": Setting(
                images=8_000,
                options={**DIGITS, "layers": 2, "batch": 32, "lr": 4e-3, "ema": 1_500}
                | {"sample_every": 0, "precision": "fp32"},
            )
        },
        "full": {"mnist": Setting(images=20_000_000, options={**DIGITS, "layers": 7, "batch": 16})},
    },
    gap="Its binarised digits are another draw of the same grey levels. Diagonals and rows are not "
    "compared at an equal budget. Quick scale has two of seven layers and a "
    "sixth of an epoch. Sampling goes pixel by pixel, so that 1,000 samples are judged. The paper's optimiser is "
    "RMSProp; its numbers are from memory, but for those that the likelihood table cites.",
    samples=1_000,
)
