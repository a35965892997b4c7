"""Mao et al. 2017: least squares in place of cross entropy."""

from saddlepoint.claims.claim import Claim, Published, Setting

CLAIM = Claim(
    recipe="lsgan",
    statement="With squared errors the discriminator pulls all fakes towards the boundary, so training is more stable "
    "and samples better than with cross entropy.",
    published={
        "mnist": Published(
            value="none",
            measure="samples only",
            where="figure 9",
            comparable="no: the paper has no number for MNIST samples",
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(images=60_000, options={"width": 32, "batch": 32, "ema": 4_000}),
        },
        "full": {
            "mnist": Setting(images=5_000_000, options={"latent": 1024}),
        },
    },
    gap="The paper shows pictures of scenes and a Gaussian mixture, with networks of its own; ours are DCGAN's.",
)
