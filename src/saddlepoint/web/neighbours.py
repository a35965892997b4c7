"""Samples, or a visitor's picture, beside the training images nearest to them: does the model copy?"""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from saddlepoint import runs
from saddlepoint.data.dataset import Data
from saddlepoint.metrics.classifiers import classifier_at_hand
from saddlepoint.metrics.collect import as_saved, data_features, features_of, train_positions
from saddlepoint.metrics.datalike import everything
from saddlepoint.metrics.features import Features, pixels
from saddlepoint.metrics.figure import beside, check_images
from saddlepoint.metrics.neighbours import memorisation
from saddlepoint.web.data import data_of
from saddlepoint.web.models import Ask, Models
from saddlepoint.web.picks import Pick
from saddlepoint.web.service import pictures, samples

SEARCHED, HELD_OUT = 10_000, 1_000
"""Training images searched, and held-out ones compared, at most: a visitor waits for it."""
DRAWN, SHOWN, K = 64, 8, 3
K_OF_ONE = 4
AT_ONCE = 8
"""Samples drawn before another visitor's turn."""
KEPT = 8


class Near(Ask):
    """Which samples."""

    seed: int = Field(0, ge=0, lt=2**31)


class Neighbours:
    """Looks for neighbours, one search at a time, and keeps the answers of the last ones."""

    def __init__(self, models: Models) -> None:
        self.models = models
        self._lock = threading.Lock()
        self._found: OrderedDict[tuple[Any, ...], dict[str, Any]] = OrderedDict()

    def find(self, folder: Path, asked: Near) -> dict[str, Any]:
        """The first samples, each with its nearest training images in pixels and in features, and the memorisation of
        all that were drawn; None where nothing was held out.

        Raises:
            UserError: the data is gone, has changed since the training, or is not of images.
        """
        where = runs.find_checkpoint(folder, asked.which)
        key = (where, (where / "state.json").stat().st_mtime_ns, asked.weights, asked.psi, asked.seed)
        with self._lock:
            if key not in self._found:
                self._found[key] = self._search(folder, asked)
            self._found.move_to_end(key)
            while len(self._found) > KEPT:
                self._found.popitem(last=False)
            return self._found[key]

    def _search(self, folder: Path, asked: Near) -> dict[str, Any]:
        data = data_of(folder)
        check_images(data)
        return told(self._draw(folder, asked), data, features_for(data))

    def _draw(self, folder: Path, asked: Near) -> Tensor:
        parts: list[Tensor] = []
        for start in range(0, DRAWN, AT_ONCE):
            with self.models.lock:
                model = self.models.get(folder, asked)
                parts.append(samples(model, [Pick(asked.seed, start + i) for i in range(AT_ONCE)], asked.psi))
        return as_saved(torch.cat(parts))


def features_for(data: Data) -> Features:
    """A classifier where one is at hand, for to train one takes minutes; else pixels."""
    return (classifier_at_hand(data) if len(data.spec.classes) > 1 else None) or pixels(data.spec)


def nearest_training(run: Path, x: Tensor) -> dict[str, Any]:
    """The nearest training images of one picture x (1, C, H, W), in pixels and in features, for the page.

    Raises:
        UserError: the training data is gone or has changed.
    """
    data = data_of(run)
    features = features_for(data)
    found = beside(x, data, features, k=K_OF_ONE, searched=SEARCHED)
    columns = {"in pixels": found.in_pixels[0], f"in features ({features.name})": found.in_features[0]}
    return {
        "columns": {title: pictures(images) for title, images in columns.items()},
        "says": f"Among {min(SEARCHED, len(data.train)):,} of {len(data.train):,} training images.",
    }


def told(drawn: Tensor, data: Data, features: Features) -> dict[str, Any]:
    """The answer for samples (N, C, H, W)."""
    found = beside(drawn[:SHOWN], data, features, k=K, searched=SEARCHED)
    train = data_features(data, "train", train_positions(data, SEARCHED), features)
    split = "test" if len(data.test) else "validation"
    held = everything(getattr(data, split))[:HELD_OUT]
    score = None
    if len(held):
        score = memorisation(features_of(drawn, features), data_features(data, split, held, features), train)
    return {
        "samples": pictures(found.samples),
        "pixels": [pictures(row) for row in found.in_pixels],
        "features": [pictures(row) for row in found.in_features],
        "name": features.name,
        "memorisation": score,
        "drawn": len(drawn),
        "held_out": len(held),
        "searched": len(train),
        "train": len(data.train),
    }
