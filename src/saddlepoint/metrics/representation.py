"""What features learned without labels are worth to a classifier: the oldest use of an autoencoder.

Three classifiers from the same few labels: a linear one on the features as they are, one that goes on from there with
the whole network, and the same network from random weights. The last two get the same optimiser, rate and images.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor

from saddlepoint.errors import UserError
from saddlepoint.metrics.datalike import DataLike, ExamplesLike, Positions, Progress, chunks, everything
from saddlepoint.metrics.heads import (
    BATCH,
    RATE,
    RIDGE,
    Extract,
    Head,
    features_of,
    fine_tune,
    labels_of,
    linear_head,
    untrained_head,
)
from saddlepoint.metrics.likelihood import mean_and_error
from saddlepoint.metrics.measurement import Measurement
from saddlepoint.recipe import Describes, Encodes, Recipe

Part = Literal["auto", "encoder", "discriminator"]


def worth(
    trained: Recipe[Any],
    scratch: Recipe[Any],
    data: DataLike,
    known: Positions,
    *,
    part: Part = "auto",
    images: int = 20_000,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[Measurement]:
    """Accuracies on the test split of the three classifiers, each from the training examples at `known`.

    trained: the model whose features are judged; it is left fine-tuned. scratch: the same recipe, untrained.
    part: whose features, the code of `encode` or the discriminator's last hidden layer; auto: the code if it encodes.
    images: that the last two classifiers see.

    Raises:
        UserError: a model without such features, data without its classes.
    """
    if not data.spec.classes or data.test.y(everything(data.test)[:1]) is None:
        raise UserError(f"{data.source} has no labels to learn or to be judged by.")
    chosen = ("encoder" if isinstance(trained, Encodes) else "discriminator") if part == "auto" else part
    about = {"reference": "test", "n": len(data.test), "labels": len(known), "part": chosen, "seed": seed}
    found: list[Measurement] = []

    def judge(name: str, recipe: Recipe[Any], head: Head, more: dict[str, Any]) -> None:
        right = _correct(extractor(recipe, chosen), head, recipe, data.test, progress)
        value, error = mean_and_error(right)
        found.append(Measurement(metric=f"accuracy, {name}", value=value, error=error, protocol=about | more))

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = linear_head(trained, extractor(trained, chosen), data.train, known)
        judge("linear head", trained, head, {"ridge": RIDGE})
        tuning = {"images": images, "batch": BATCH, "rate": RATE}
        fine_tune(trained, extractor(trained, chosen), head, data.train, known, images, seed, progress)
        judge("fine-tuned", trained, head, tuning)
        head = untrained_head(scratch, extractor(scratch, chosen), data.train, known, seed)
        fine_tune(scratch, extractor(scratch, chosen), head, data.train, known, images, seed, progress)
        judge("the same network from scratch", scratch, head, tuning)
    return found


def extractor(recipe: Recipe[Any], part: Literal["encoder", "discriminator"]) -> Extract:
    """What makes features of examples.

    Raises:
        UserError: the recipe has no such part.
    """
    if part == "encoder" and isinstance(recipe, Encodes):
        return recipe.encode
    if part == "discriminator" and isinstance(recipe, Describes):
        return recipe.features
    raise UserError(f"{type(recipe).__name__} has no {part} whose features could be used.")


@torch.no_grad()
def _correct(
    extract: Extract, head: Head, recipe: Recipe[Any], test: ExamplesLike, progress: Progress | None
) -> Tensor:
    """Whether each test example gets its own label: (N,) float64 of 0 and 1."""
    parts: list[Tensor] = []
    for rows in chunks(everything(test), 256):
        logits = head(features_of(extract, recipe, test, rows))
        parts.append((logits.argmax(1).cpu() == labels_of(test, rows)).double())
        if progress:
            progress(int(rows[-1]) + 1, len(test), "classifying")
    return torch.cat(parts)
