"""Srivastava et al. 2017: a reconstructor against mode collapse."""

from saddlepoint.claims.claim import Claim, Published, Setting
from saddlepoint.claims.inference import measure

CLAIM = Claim(
    recipe="vee_gan",
    statement="A network that maps samples back to their noise makes the generator keep all modes.",
    published={
        "mnist": Published(
            value="150",
            measure="modes of stacked MNIST covered",
            where="table 2, from memory",
            comparable="no: stacked MNIST has 1,000 modes, and this is MNIST: `saddle reproduce stacked` has it",
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(images=36_000, options={"width": 32, "latent": 16, "lr": 5e-4, "batch": 32, "ema": 4000})
        },
        "full": {"mnist": Setting(images=5_000_000, options={"batch": 64})},
    },
    gap="Modes are counted on the 25 Gaussians and on stacked MNIST by their own protocols; here stand its "
    "digits and how well the reconstructor inverts the generator.",
    probe=measure,
)
