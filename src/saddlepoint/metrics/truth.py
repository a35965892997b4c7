"""Samples against the distribution itself, for data whose distribution is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from saddlepoint.distributed import gather, leader_first
from saddlepoint.metrics.classifiers import classifier_for
from saddlepoint.metrics.collect import draw, train_positions
from saddlepoint.metrics.datalike import (
    DataLike,
    ExamplesLike,
    KnownOnLine,
    KnownPoints,
    KnownStacks,
    Progress,
    chunks,
    everything,
)
from saddlepoint.metrics.features import Features
from saddlepoint.metrics.measurement import FLOOR, Measurement
from saddlepoint.metrics.modes import REACH, SHARE, Modes, count_modes
from saddlepoint.metrics.neighbours import CHUNK, nearest
from saddlepoint.metrics.wasserstein import wasserstein_to
from saddlepoint.recipe import Recipe

MEMBERS = ("modes", "modes_touched", "high_quality", "reverse_kl", "forward_kl", "wasserstein")
ACCURACY = "accuracy on single digits"
"""Of the classifier that counts stacks: how far the other numbers can be trusted."""
STACKS = 26_000
"""Samples of stacked digits, as in VEEGAN and PacGAN: a count of modes means nothing without the number of samples."""


def against_truth(
    recipe: Recipe[Any],
    data: DataLike,
    *,
    n: int,
    seed: int,
    protocol: dict[str, Any],
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Iterator[Measurement]:
    """Each of `MEMBERS` that this truth has an answer to, of n samples, then of as many training examples."""
    truth = data.truth
    assert truth is not None
    samples = gather(draw(recipe, n, seed), n)
    positions = train_positions(data, n)
    if isinstance(truth, KnownStacks):
        with leader_first():
            classifier = classifier_for(truth.digits, cache=cache, device=recipe.device, progress=progress)
        counts = confusion(classifier, truth.digits.test)
        protocol = protocol | _described(classifier, counts, truth.digits.spec.classes)
        right = protocol | {"reference": "test", "test_images": int(counts.sum()), "warnings": []}
        yield Measurement(metric=ACCURACY, value=float(counts.trace() / counts.sum()), protocol=right)
        weights = stack_weights(truth)
        ours = _results(_of_stacks(samples, classifier, weights, progress))
        parts = chunks(positions, CHUNK)
        floors = _results(_of_stacks(torch.cat([data.train.x(part) for part in parts]), classifier, weights, progress))
    else:
        ours, floors = points_against(truth, samples), points_against(truth, data.train.x(positions))
    about = protocol | {"fair_share": SHARE, "reach": REACH, "warnings": []}
    for metric, value in ours.items():
        yield Measurement(metric=metric, value=value, protocol=about | {"n": n})
        real = about | {"n": len(positions), "samples": "training examples"}
        yield Measurement(metric=metric + FLOOR, value=floors[metric], protocol=real)


def points_against(truth: KnownPoints, x: Tensor) -> dict[str, float]:
    """Measures of points (N, D) by name. Without modes only whether they are near the curve, or on the board."""
    good = truth.near(x)
    if truth.modes is None or truth.weights is None:
        return {"high_quality": float(good.double().mean())}
    mode = nearest(x, [truth.modes])[1][:, 0]
    results = _results(count_modes(mode, good, truth.weights))
    if x.shape[1] > 1 or not isinstance(truth, KnownOnLine):
        return results
    return results | {"wasserstein": wasserstein_to(x[:, 0], truth.cdf)}


def stack_weights(truth: KnownStacks) -> Tensor:
    """(K^channels,) the probability of each mode: the product of its classes' shares among the training pictures."""
    labels = truth.digits.train.y(everything(truth.digits.train))
    assert labels is not None
    share = torch.bincount(labels, minlength=len(truth.digits.spec.classes)).double() / len(labels)
    weights = torch.ones(1, dtype=torch.float64)
    for _ in range(truth.channels):
        weights = torch.outer(weights, share).flatten()
    return weights


def classes_of(x: Tensor, classifier: Features, progress: Progress | None = None) -> Tensor:
    """(N, C, H, W) -> int64 (N, C): the class of every channel as a grey picture."""
    assert classifier.head
    parts: list[Tensor] = []
    for part in x.split(classifier.batch):
        features = classifier(part.flatten(0, 1)[:, None])
        with torch.no_grad():
            parts.append(classifier.head(features).argmax(1).view(part.shape[:2]))
        if progress:
            progress(len(parts) * classifier.batch, len(x), "counting modes")
    return torch.cat(parts)


def confusion(classifier: Features, test: ExamplesLike) -> Tensor:
    """(K, K) counts of held-out pictures by their own class (row) and the classifier's (column)."""
    targets = test.y(everything(test))
    assert targets is not None
    found = torch.cat([classes_of(test.x(part), classifier)[:, 0] for part in chunks(everything(test), CHUNK)])
    number = len(test.spec.classes)
    return torch.bincount(targets * number + found, minlength=number**2).view(number, number)


def _of_stacks(x: Tensor, classifier: Features, weights: Tensor, progress: Progress | None) -> Modes:
    """Which mode every sample is in; a classifier has no way to say that it is no digit at all, so all are good."""
    classes = classes_of(x, classifier, progress)
    number = round(len(weights) ** (1 / classes.shape[1]))
    place = number ** torch.arange(classes.shape[1] - 1, -1, -1)
    return count_modes((classes * place).sum(1), torch.ones(len(x), dtype=torch.bool), weights)


def _results(found: Modes) -> dict[str, float]:
    return {
        "modes": found.covered,
        "modes_touched": found.touched,
        "high_quality": found.high_quality,
        "reverse_kl": found.reverse_kl,
        "forward_kl": found.forward_kl,
    }


def _described(classifier: Features, counts: Tensor, names: Sequence[str]) -> dict[str, Any]:
    """The classifier, and what it takes for what: it errs in each channel apart."""
    share = counts / counts.sum(1, keepdim=True).clamp(min=1)
    worst = share.clone().fill_diagonal_(0).flatten().argsort(descending=True)[:3].tolist()
    mistakes = [(i // len(names), i % len(names)) for i in worst]
    return {
        "features": classifier.name,
        "features_sha256": classifier.sha256,
        "mistakes": ", ".join(f"{names[a]} as {names[b]} {share[a, b]:.1%}" for a, b in mistakes),
    }
