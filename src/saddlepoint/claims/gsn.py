"""Bengio et al. 2014: a chain whose every step is learned by backpropagation."""

from saddlepoint.claims.claim import Claim, Published, Setting

CLAIM = Claim(
    recipe="gsn",
    statement="A Markov chain that is trained by denoising alone, without a partition function, samples the data's "
    "distribution, and mixes well between its modes.",
    published={
        "mnist": Published(
            value="214 ± 1.1",
            measure="Parzen-window log-likelihood in nats, two hidden layers",
            where="table 1, from memory",
            comparable="no: a Parzen window measures something else than a Frechet distance",
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(
                images=200_000, options={"widths": (500, 500), "batch": 100, "sample_steps": 40, "ema": 10_000}
            )
        },
        "full": {"mnist": Setting(images=15_000_000, options={"batch": 100})},
    },
    gap="The quick setting has a third of the units, three and a half epochs and 40 steps to a "
    "sample. The paper judges by a Parzen window, and its chains are run from data. "
    "Mixing is not measured as such, and recall does not speak for it.",
)
