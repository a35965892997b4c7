"""Features of a model's samples and of a data set's examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from saddlepoint import distributed
from saddlepoint.errors import UserError
from saddlepoint.metrics import store
from saddlepoint.metrics.datalike import DataLike, ExamplesLike, Positions, Progress, chunks, everything, shuffled
from saddlepoint.metrics.features import Features
from saddlepoint.pictures import to_pixels
from saddlepoint.recipe import Recipe

SEARCHED = 50_000
"""Training examples, at most, among which neighbours are looked for."""


def draw(recipe: Recipe[Any], n: int, seed: int, y: Tensor | None = None, progress: Progress | None = None) -> Tensor:
    """n samples, images rounded to 256 levels as in a saved file, so that numbers agree with those of saved images.

    Of several processes each draws its slice of the n.

    Raises:
        UserError: samples that are not finite.
    """
    start, stop = distributed.connected().slice(n)
    y = None if y is None else y[start:stop]
    x = recipe.sample(stop - start, seed=seed, y=y, first=start, progress=progress)
    bad = int(distributed.gather((~x.isfinite()).flatten(1).any(1), n).sum())
    if bad:
        raise UserError(f"{bad:,} of {n:,} samples have values that are not finite: this model has diverged.")
    if recipe.spec.kind == "points":
        return x
    return as_saved(x)


def as_saved(x: Tensor) -> Tensor:
    """Images (N, C, H, W) in [-1, 1] as they come back from a file of 256 levels."""
    return torch.from_numpy(to_pixels(x)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def reference_labels(reference: ExamplesLike, n: int) -> Tensor | None:
    """n labels in the reference's proportions, in an order that no sorting of it shows."""
    found = reference.y(everything(reference))
    if found is None:
        return None
    order = torch.from_numpy(shuffled(len(found), "labels", len(found)))
    return found[order[torch.arange(n) % len(found)]]


def features_of(x: Tensor, features: Features, progress: Progress | None = None) -> Tensor:
    """(N, *shape) -> (N, dim) float32."""
    parts = [torch.empty(0, features.dim)]
    for start in range(0, len(x), features.batch):
        parts.append(features(x[start : start + features.batch]))
        if progress:
            progress(min(start + features.batch, len(x)), len(x), "features of samples")
    return torch.cat(parts)


def train_positions(data: DataLike, n: int) -> Positions:
    """n training examples (or all, if fewer) picked at random, always the same."""
    return shuffled(len(data.train), "train", len(data.train))[:n]


def data_features(
    data: DataLike,
    split: str,
    positions: Positions,
    features: Features,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Tensor:
    """(N, dim) features of a split's examples at these positions, kept in the cache folder from the first time on."""
    folder = store.cache_folder(cache) / "features" / data.fingerprint[:32]
    digest = store.hash_tensor(torch.from_numpy(positions))
    path = folder / f"{split}-{features.sha256[:16]}-{digest[:16]}.safetensors"
    world = distributed.connected()
    if not distributed.agree(float(not path.exists()))[0]:  # all have it
        return store.load(path)[0]["features"]
    examples: ExamplesLike = getattr(data, split)
    start, stop = world.slice(len(positions))
    parts = [torch.empty(0, features.dim)]
    done = 0
    for part in chunks(positions[start:stop], features.batch):
        parts.append(features(examples.x(part)))
        done += len(part)
        if progress:
            progress(done, stop - start, f"features of {split} examples")
    found = distributed.gather(torch.cat(parts), len(positions))
    store.save(path, {"features": found}, {"source": data.source, "split": split, "features": features.name})
    return found
