"""The training images nearest to a picture: how much of it the model can have seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from saddlepoint import runs
from saddlepoint.metrics.choose import choose
from saddlepoint.metrics.collect import data_features, features_of, train_positions
from saddlepoint.metrics.datalike import chunks
from saddlepoint.metrics.neighbours import CHUNK, nearest
from saddlepoint.web.data import data_of
from saddlepoint.web.service import pictures

SEARCHED = 5000
"""Training images, at most, picked at random, among which is looked."""
SHOWN = 4


def nearest_training(run: Path, x: Tensor) -> dict[str, Any]:
    """The nearest training images of x (1, C, H, W), in pixels and in features, for the page.

    Raises:
        UserError: the training data is gone or has changed.
    """
    data = data_of(run)
    # A classifier that an evaluation trained is at hand; to train one takes minutes.
    measured = runs.log(run, "metrics.jsonl")
    at_hand = any(str(line.get("protocol", {}).get("features")).startswith("classifier") for line in measured)
    features = choose("classifier" if at_hand else "pixels", data, offline=True)
    positions = train_positions(data, SEARCHED)
    known = data_features(data, "train", positions, features)
    pool = (data.train.x(part).flatten(1) for part in chunks(positions, CHUNK))
    found = {
        "in pixels": nearest(x.flatten(1), pool, SHOWN)[1][0],
        f"in features ({features.name})": nearest(features_of(x, features), known.split(CHUNK), SHOWN)[1][0],
    }
    return {
        "columns": {title: pictures(data.train.x(positions[where.numpy()])) for title, where in found.items()},
        "says": f"Among {len(positions):,} of {len(data.train):,} training images.",
    }
