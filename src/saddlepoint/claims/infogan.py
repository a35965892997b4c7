"""Chen et al. 2016: a code that nobody labelled comes to mean the digit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from saddlepoint.claims.claim import Claim, Published, Setting, Trained
from saddlepoint.data.dataset import Examples
from saddlepoint.metrics.measurement import FLOOR, Measurement
from saddlepoint.types import Noise

ROWS = 5_000


def measure(trained: Trained) -> Iterator[Measurement]:
    """How well the first categorical code sorts the digits, and how much of it a sample lets Q know.

    A value of the code stands for the class that most training images of that value have, so two values may stand
    for one class. Always naming the commonest class is the floor.
    """
    model: Any = trained.model  # its codes are no part of Recipe's type
    data = trained.data
    values, classes = model.config.categorical[0], len(data.spec.classes)
    (train_code, train_y), (code, y) = (_codes(model, part) for part in (data.train, data.test))
    counts = torch.zeros(values, classes).index_put_((train_code, train_y), torch.ones(()), accumulate=True)
    about = {"n": len(y), "reference": "test", "weights": "raw Q"}
    named = "accuracy of the categorical code, each value naming its majority class"
    yield Measurement(metric=named, value=accuracy(counts, code, y), protocol=about)
    commonest = float((y == counts.sum(0).argmax()).double().mean())
    yield Measurement(metric=named + FLOOR, value=commonest, protocol=about)

    with torch.no_grad():
        z = model.prior(Noise("information", trained.seed, rows=ROWS, device=model.device))
        q = torch.cat([model.discriminator(model.generate(part))[1] for part in z.split(500)])
        categorical, continuous = model.information(z, q)
    about = {"n": ROWS, "weights": "averaged G, raw Q"}
    entropy = sum(math.log(size) for size in model.config.categorical)
    yield Measurement(metric="L_I of the categorical codes in nats", value=float(categorical), protocol=about)
    yield Measurement(metric="H(c), the most that L_I can be, in nats", value=entropy, protocol=about)
    yield Measurement(metric="L_I of the continuous codes in nats", value=float(continuous), protocol=about)


def accuracy(counts: Tensor, code: Tensor, y: Tensor) -> float:
    """Share of rows whose code names their class. counts: (values, classes), how often each went with each."""
    return float((counts.argmax(1)[code] == y).double().mean())


def _codes(model: Any, examples: Examples) -> tuple[Tensor, Tensor]:
    """The first code that Q reads from up to `ROWS` examples, and their classes."""
    rows = torch.arange(min(ROWS, len(examples)))
    y = examples.y(rows.numpy())
    assert y is not None, "the code is compared with classes"
    with torch.no_grad():
        parts = [model.codes(examples.x(part.numpy()).to(model.device))[0][0] for part in rows.split(500)]
    return torch.cat(parts).argmax(1).cpu(), y


CLAIM = Claim(
    recipe="infogan",
    statement="Of codes that must be readable from the sample, a categorical one finds MNIST's digits without labels "
    "and continuous ones their slant and width; L_I reaches H(c).",
    published={
        "mnist": Published(
            value="5%",
            measure="error of the categorical code as a classifier, each value matched with a digit",
            where="section 7.2",
            comparable="no: the paper shows its best run; ours is every seed, trained far shorter",
        ),
    },
    settings={
        "quick": {"mnist": Setting(images=50_000, options={"width": 32, "batch": 32, "ema": 4_000})},
        "full": {"mnist": Setting(images=5_000_000, options={"width": 64, "batch": 128})},
    },
    gap="The paper's comparison, the L_I of a GAN that is not rewarded for it, is not measured. DCGAN's networks stand "
    "for the paper's of two convolutions and 1,024 dense units. A value of the code stands for its commonest digit, "
    "where the paper matches by eye; what the continuous codes mean is to be seen in the picture only.",
    probe=measure,
)
