"""Metz et al. 2017: a generator that sees the discriminator's answer."""

from saddlepoint.claims.claim import Claim, Published, Setting

CLAIM = Claim(
    recipe="unrolled_gan",
    statement="A generator that looks K discriminator steps ahead cycles less and covers more modes, the more "
    "so the larger K.",
    published={
        "mnist": Published(
            value="327.2 ± 74.67",
            measure="modes of stacked MNIST covered at K = 5, half-size discriminator",
            where="table 1, from memory",
            comparable="no: stacked MNIST has 1,000 modes, and this is MNIST: `saddle reproduce stacked` has it",
        ),
    },
    settings={
        "quick": {"mnist": Setting(images=24_000, options={"width": 32, "batch": 32, "ema": 4000, "unroll": 1})},
        "full": {"mnist": Setting(images=2_000_000, options={"unroll": 10})},
    },
    gap="At K = 5 a generator step costs about twelve times a plain one, so quick scale takes K = 1; the "
    "paper's toys and stacked digits have their own protocols.",
)
