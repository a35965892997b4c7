"""Liu and Tuzel 2016: pairs of two domains from data without pairs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from saddlepoint import catalogue
from saddlepoint.claims.claim import Claim, Published, Setting, Trained
from saddlepoint.data.dataset import Examples
from saddlepoint.engine.update import Updater
from saddlepoint.metrics.measurement import FLOOR, Measurement
from saddlepoint.recipe import Recipe
from saddlepoint.types import Batch, Noise

STEPS, BATCH, PAIRS = 1_500, 32, 1_000


def measure(trained: Trained) -> Iterator[Measurement]:
    """The paper's task B: one domain is digits, the other negatives of other digits.

    A pair is one z in both domains. Agreement: pixels that have the same of two levels in one and in the negative of
    the other. The floor takes the other from another z.
    """
    one, other = pairs(negatives(trained.data.train, trained.seed))
    about = {"n": PAIRS, "weights": f"raw, width 16 after {STEPS} steps"}
    named = "pixel agreement of pairs, digits and negatives"
    yield Measurement(metric=named, value=agreement(one, -other), protocol=about)
    yield Measurement(metric=named + FLOOR, value=agreement(one, -other.roll(1, 0)), protocol=about)


def agreement(one: Tensor, other: Tensor) -> float:
    """Share of pixels on the same side of the middle grey, 0."""
    return float(((one > 0) == (other > 0)).double().mean())


def negatives(examples: Examples, seed: int) -> Recipe[Any]:
    """A small CoGAN taught digits as domain 0 and negatives of digits as domain 1; no digit is seen as both."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        spec = replace(examples.spec, classes=("positive", "negative"))
        model = catalogue.create("cogan", spec, width=16)
    updater = Updater(model, seed=seed, device=torch.device("cpu"), precision="fp32", micro_batch=0)
    stream: Any = _batches(examples, seed)  # without the labelled stream, which cogan does not draw from
    for t in range(STEPS):
        updater.begin(t)
        model.step(stream, updater, t)
    return model


def pairs(model: Recipe[Any]) -> tuple[Tensor, Tensor]:
    """The same latents in domain 0 and in domain 1."""
    return model.sample(PAIRS, y=0), model.sample(PAIRS, y=1)


def _batches(examples: Examples, seed: int) -> Iterator[Batch]:
    draw = torch.Generator().manual_seed(seed)
    while True:
        rows = torch.randint(len(examples), (BATCH,), generator=draw)
        y = rows % 2  # which domain a digit belongs to, once and for all
        x = examples.x(rows.numpy())
        x = torch.where(y.bool()[:, None, None, None], -x, x)
        yield Batch(x=x, y=y, index=rows, noise=Noise("unused", rows=BATCH))


CLAIM = Claim(
    recipe="cogan",
    statement="Two GANs that share their abstract layers learn a joint distribution from unpaired data of each "
    "domain: the same z gives corresponding images.",
    published={
        "mnist": Published(
            value="0.967",
            measure="pixel agreement of pairs, digits and their negatives (a conditional GAN: 0.778)",
            where="section 4, task B, from memory",
            comparable="no: ours trains for 1,500 steps on networks of another kind",
        ),
    },
    settings={
        "quick": {"mnist": Setting(images=36_000, options={"width": 32, "batch": 32, "ema": 4_000})},
        "full": {"mnist": Setting(images=5_000_000, options={"width": 64, "batch": 128})},
    },
    gap="On MNIST the ten digits are ten domains, which the paper did not try; its task B is trained in the probe. "
    "Networks are DCGAN's with one layer of each domain's own, where the paper tries several depths.",
    probe=measure,
)
