"""The measures of one set of features against another, under the names they are asked for by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from saddlepoint.metrics.features import Features
from saddlepoint.metrics.frechet import Moments, frechet_distance
from saddlepoint.metrics.kid import KERNEL, kernel_distance
from saddlepoint.metrics.prdc import prdc
from saddlepoint.metrics.score import classifier_score

NEIGHBOURS = 5  # Naeem et al. 2020; Kynkäänniemi et al. 2019 take 3 for precision and recall


@dataclass(frozen=True, kw_only=True)
class Result:
    metric: str
    value: float
    error: float | None = None
    detail: dict[str, Any] = field(default_factory=dict[str, Any])
    warnings: tuple[str, ...] = ()


Measure = Callable[[Tensor, Tensor, Features], list[Result]]
"""(samples, reference, features) -> results; both (N, dim) of 2 examples or more."""


def _fd(samples: Tensor, reference: Tensor, features: Features) -> list[Result]:
    fewest, dim = min(len(samples), len(reference)), features.dim
    few = (
        f"{fewest:,} images are too few for a Frechet distance in {dim:,} dimensions, which is then far too high: "
        f"it needs more than {dim:,} on both sides. Compare with the floor, at equal counts only."
    )
    value = frechet_distance(Moments.of(samples), Moments.of(reference))
    return [Result(metric="fd", value=value, warnings=(few,) if fewest <= dim else ())]


def _kid(samples: Tensor, reference: Tensor, features: Features) -> list[Result]:
    value, error = kernel_distance(samples, reference)
    few = () if error is not None else ("KID needs 4 images or more on both sides for a standard error.",)
    return [Result(metric="kid", value=value, error=error, detail={"kernel": KERNEL}, warnings=few)]


def _prdc(samples: Tensor, reference: Tensor, features: Features) -> list[Result]:
    fewest = min(len(samples), len(reference))
    k = min(NEIGHBOURS, fewest - 1)
    few = (f"Balls reach to neighbour {k}, not {NEIGHBOURS}: that needs {NEIGHBOURS + 1} images on both sides.",)
    return [
        Result(metric=name, value=value, detail={"k": k}, warnings=few if k < NEIGHBOURS else ())
        for name, value in prdc(reference, samples, k).items()
    ]


def _classifier_score(samples: Tensor, reference: Tensor, features: Features) -> list[Result]:
    assert features.head
    value, error = classifier_score(features.head(samples))
    return [Result(metric="classifier_score", value=value, error=error)]


MEASURES: dict[str, tuple[Measure, tuple[str, ...]]] = {
    "fd": (_fd, ("fd",)),
    "kid": (_kid, ("kid",)),
    "prdc": (_prdc, ("precision", "recall", "density", "coverage")),
    "classifier_score": (_classifier_score, ("classifier_score",)),
}
"""Group -> its measure and the metrics it gives."""
