"""How good a model is: every measure against held-out data, each beside its floor, each with its protocol."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

from saddlepoint.distributed import gather, leader_first
from saddlepoint.errors import UserError
from saddlepoint.metrics.accuracy import correct
from saddlepoint.metrics.choose import choose
from saddlepoint.metrics.collect import SEARCHED, data_features, draw, features_of, reference_labels, train_positions
from saddlepoint.metrics.datalike import DataLike, ExamplesLike, KnownStacks, Progress, everything
from saddlepoint.metrics.features import Features
from saddlepoint.metrics.figure import neighbours_figure
from saddlepoint.metrics.likelihood import mean_and_error
from saddlepoint.metrics.measurement import FLOOR, Measurement
from saddlepoint.metrics.measures import MEASURES, Result
from saddlepoint.metrics.nats import NEEDS, can, in_nats
from saddlepoint.metrics.neighbours import memorisation
from saddlepoint.metrics.truth import MEMBERS, STACKS, against_truth
from saddlepoint.recipe import Recipe

__all__ = ["DEFAULT", "METRICS", "DataLike", "ExamplesLike", "Measurement", "evaluate", "neighbours_figure"]

DEFAULT = ("truth", "fd", "kid", "prdc", "classifier_score", "memorisation", "log_likelihood", "elbo")
OF_MODELS = (*NEEDS, "accuracy")
"""Metrics of the model itself, which need no samples."""
METRICS = (*MEASURES, "precision", "recall", "density", "coverage", "memorisation", *OF_MODELS, "truth", *MEMBERS)
MOST, FEWEST = 10_000, 1_000


def evaluate(
    recipe: Recipe[Any],
    data: DataLike,
    *,
    metrics: Sequence[str] = DEFAULT,
    features: str = "auto",
    n: int | None = None,
    k: int = 5000,
    seed: int = 0,
    split: Literal["test", "validation"] = "test",
    weights: str = "average",
    cache: Path | None = None,
    offline: bool = False,
    weights_file: Path | None = None,
    progress: Progress | None = None,
) -> list[Measurement]:
    """Measure samples of a model against the whole of a held-out split.

    Each measure is followed by its floor: the same for as many real training images in the samples' place, which is
    what a perfect model would get at this n. A conditional model gets labels in the reference's proportions.

    metrics: of `METRICS`; `prdc` is precision, recall, density and coverage, `accuracy` that of a model that
        classifies, `log_likelihood` exact, `elbo` and `iwae` lower bounds on it, `active_units` the latents in use,
        `truth` what can be told of data whose distribution is known. Of the default ones those that this model, data
        or set of features has no answer to are left out.
    features: `auto`, `inception`, `classifier`, `pixels`, or the path of an ONNX file (see `choose`).
    n: samples. By default as many as the reference has, but at least 1,000 and at most 10,000, and no more than
        there are training images, so that the floor has the same n; 26,000 to count the modes of stacked digits.
    k: draws of the code for `iwae`, a bound that nears the log-likelihood as they grow (5,000 is the custom).
    weights: which weights the model holds, for the protocol.
    cache: folder for features of data, classifiers and downloaded weights; SADDLE_CACHE by default.

    Raises:
        UserError: a metric or features that do not exist, or that were asked for by name and cannot be had here; a
            model of other data; fewer than 2 images held out; samples that are not finite.
    """
    reference = {"test": data.test, "validation": data.validation}[split]
    _check(recipe, data, reference, split, metrics, n)
    by_name = tuple(metrics) != DEFAULT
    protocol: dict[str, Any] = {
        "reference": split,
        "reference_count": len(reference),
        "data": data.source,
        "fingerprint": data.fingerprint,
        "examples": str(data.spec),
        "weights": weights,
        "seed": seed,
    }
    measured = _truth(recipe, data, metrics, by_name, n, seed, protocol, cache, progress)
    if set(metrics) - {"truth", *MEMBERS, *OF_MODELS}:
        n = n or _usual_n(data, reference)
        with leader_first():  # a classifier is trained, or weights are fetched, once
            chosen = choose(
                features,
                data,
                cache=cache,
                offline=offline,
                weights_file=weights_file,
                device=recipe.device,
                progress=progress,
            )
        if chosen.head is None and by_name and "classifier_score" in metrics:
            raise UserError(f"classifier_score needs features that classify, and {chosen.name} does not.")
        y = reference_labels(reference, n) if recipe.conditional and recipe.spec.classes == data.spec.classes else None
        if recipe.conditional:
            protocol["labels"] = "uniform" if y is None else "as in the reference"
        known = data_features(data, split, everything(reference), chosen, cache, progress)
        samples = gather(features_of(draw(recipe, n, seed, y, progress), chosen, progress), n)
        real = data_features(data, "train", train_positions(data, n), chosen, cache, progress)
        described = protocol | _describe(chosen, recipe.spec.kind == "image")
        measured += _compare(samples, real, known, chosen, metrics, described)
        if "memorisation" in metrics:
            searched = data_features(data, "train", train_positions(data, SEARCHED), chosen, cache, progress)
            value = memorisation(samples, known, searched)
            about = described | {"n": n, "train_count": len(searched), "warnings": []}
            measured.append(Measurement(metric="memorisation", value=value, protocol=about))
    asked = [metric for metric in NEEDS if metric in metrics and (by_name or can(recipe, metric))]
    measured += in_nats(recipe, data, reference, asked, k=k, seed=seed, protocol=protocol, progress=progress)
    if "accuracy" in metrics:
        value, error = mean_and_error(correct(recipe, data, reference, progress=progress))
        about = protocol | {"n": len(reference), "warnings": []}
        measured.append(Measurement(metric="accuracy", value=value, error=error, protocol=about))
    return measured


def _usual_n(data: DataLike, reference: ExamplesLike) -> int:
    return min(max(len(reference), FEWEST), MOST, max(len(data.train), 2))


def _truth(
    recipe: Recipe[Any],
    data: DataLike,
    metrics: Sequence[str],
    by_name: bool,
    n: int | None,
    seed: int,
    protocol: dict[str, Any],
    cache: Path | None,
    progress: Progress | None,
) -> list[Measurement]:
    """What was asked for of `against_truth`."""
    wanted = [name for name in metrics if name in ("truth", *MEMBERS)]
    if not wanted or (data.truth is None and not by_name):
        return []
    if data.truth is None:
        raise UserError(f"{wanted[0]} needs data whose distribution is known, and that of {data.source} is not.")
    n = n or (STACKS if isinstance(data.truth, KnownStacks) else _usual_n(data, data.test))
    found = list(against_truth(recipe, data, n=n, seed=seed, protocol=protocol, cache=cache, progress=progress))
    names = {m.metric.removesuffix(FLOOR) for m in found}
    if missing := [name for name in wanted if name not in ("truth", *names)]:
        raise UserError(f"{missing[0]} has no meaning for {data.source}: it has {', '.join(sorted(names))}.")
    return [m for m in found if "truth" in wanted or m.metric.removesuffix(FLOOR) in wanted]


def _check(
    recipe: Recipe[Any], data: DataLike, reference: ExamplesLike, split: str, metrics: Sequence[str], n: int | None
) -> None:
    for metric in metrics:
        if metric not in METRICS:
            near = difflib.get_close_matches(metric, METRICS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"choose among {', '.join(METRICS)}."
            raise UserError(f"There is no metric {metric!r}: {hint}")
    if recipe.spec.shape != data.spec.shape or recipe.spec.kind != data.spec.kind:
        raise UserError(f"The model makes {recipe.spec}, and {data.source} holds {data.spec}: they must agree.")
    if n is not None and n < 2:
        raise UserError(f"n={n}: a comparison needs 2 samples or more.")
    if len(reference) < 2 or len(data.train) < 2:
        raise UserError(
            f"{data.source} has {len(data.train):,} training and {len(reference):,} {split} examples: "
            "an evaluation needs 2 of each or more."
        )


def _compare(
    samples: Tensor,
    real: Tensor,
    reference: Tensor,
    features: Features,
    metrics: Sequence[str],
    protocol: dict[str, Any],
) -> Iterator[Measurement]:
    """Every measure asked for, each of samples and then of real training images in their place."""
    fewer = f"The floor has {len(real):,} training images, all there are, and the samples are {len(samples):,}."
    for group, (measure, members) in MEASURES.items():
        wanted = members if group in metrics else tuple(name for name in members if name in metrics)
        if not wanted or (group == "classifier_score" and features.head is None):
            continue
        ours, floors = measure(samples, reference, features), measure(real, reference, features)
        for mine, floor in zip(ours, floors, strict=True):
            if mine.metric in wanted:
                warnings = floor.warnings + ((fewer,) if len(real) < len(samples) else ())
                yield _measurement(mine, "", mine.warnings, protocol | {"n": len(samples)})
                yield _measurement(floor, FLOOR, warnings, protocol | {"n": len(real), "samples": "training images"})


def _measurement(result: Result, suffix: str, warnings: tuple[str, ...], protocol: dict[str, Any]) -> Measurement:
    about = protocol | result.detail | {"warnings": list(warnings)}
    return Measurement(metric=result.metric + suffix, value=result.value, error=result.error, protocol=about)


def _describe(features: Features, image: bool) -> dict[str, Any]:
    described: dict[str, Any] = {
        "features": features.name,
        "features_sha256": features.sha256,
        "features_dim": features.dim,
        "resize": features.resize,
        "samples": "rounded to 256 levels" if image else "as drawn",
    }
    return described if features.accuracy is None else described | {"accuracy": features.accuracy}
