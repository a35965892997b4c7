"""Springenberg 2016: a classifier from a hundred labels, and categories without any."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from saddlepoint import api
from saddlepoint.claims.claim import Claim, Published, Setting, Trained
from saddlepoint.data.dataset import Data, Examples
from saddlepoint.metrics.accuracy import correct
from saddlepoint.metrics.datalike import chunks, everything
from saddlepoint.metrics.likelihood import mean_and_error
from saddlepoint.metrics.measurement import Measurement

UNLABELLED = 40_000
"""Images seen by the model without labels, of which the probe measures how its categories fit the classes."""


def measure(trained: Trained) -> Iterator[Measurement]:
    """The test error with few labels; and that of categories found without any, each named after the class that most
    of its validation images have."""
    data = trained.data
    right, error = mean_and_error(correct(trained.model, data, data.test))
    about = {"n": len(data.test), "reference": "test", "weights": "average"}
    named = f"test error with {data.options.labels} labels"
    yield Measurement(metric=named, value=1 - right, error=error, protocol=about)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        options: dict[str, Any] = {"supervised": False, "batch": 100, "ema": 10_000, "track": "none"}
        run = api.train("catgan", data.source, out=out, seed=trained.seed, images=UNLABELLED, offline=True, **options)
        right, error = mean_and_error(named_categories(run.model(), data))
    yield Measurement(
        metric=f"test error of 20 categories without labels, {UNLABELLED:,} images",
        value=1 - right,
        error=error,
        protocol=about,
    )


def named_categories(model: Any, data: Data) -> Tensor:
    """Whether each test image's category is named after its class: (N,) float64 of 0 and 1."""
    found, labels = _categories(model, data.validation)
    counts = torch.zeros(model.config.categories, len(data.spec.classes))
    counts.index_put_((found, labels), torch.ones(len(found)), accumulate=True)
    found, labels = _categories(model, data.test)
    return (counts.argmax(1)[found] == labels).double()


@torch.no_grad()
def _categories(model: Any, examples: Examples) -> tuple[Tensor, Tensor]:
    places = everything(examples)
    labels = examples.y(places)
    assert labels is not None
    return torch.cat([model.categories(examples.x(part)).argmax(1) for part in chunks(places, 256)]), labels


CLAIM = Claim(
    recipe="catgan",
    statement="A GAN whose discriminator sorts images into categories learns MNIST from 100 labels, and finds "
    "categories that are nearly the digits without any.",
    published={
        "mnist": Published(
            value="1.91% ± 0.1%",
            measure="test error with 100 labels, permutation-invariant networks",
            where="table 1",
            comparable="yes",
        ),
    },
    settings={
        "quick": {"mnist": Setting(images=100_000, options={"labels": 100, "batch": 100, "ema": 20_000})},
        "full": {"mnist": Setting(images=18_000_000, options={"labels": 100, "batch": 100, "ema": 693_000})},
    },
    gap="The paper trains on all 60,000 images; here 3,000 are held out, and serve to name the categories; quick scale "
    "passes 1.8 times over the rest, so that its errors are no reproduction of the paper's. Our dense networks are "
    "those of improved_gan, with weight norm where the paper has batch norm.",
    probe=measure,
)
