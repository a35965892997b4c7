"""What a model says of held-out examples: likelihoods, bounds on them, and how much of its code it uses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from torch import Tensor

from saddlepoint.errors import UserError
from saddlepoint.metrics.datalike import DataLike, ExamplesLike, Progress
from saddlepoint.metrics.likelihood import Infers, Measured, active_units, elbo, iwae, log_likelihood, mean_and_error
from saddlepoint.metrics.measurement import Measurement
from saddlepoint.objectives.likelihoods import bits_per_dimension
from saddlepoint.recipe import Bounds, Encodes, Recipe, Scores, Weighs

NEEDS: dict[str, tuple[tuple[type, ...], str]] = {
    "log_likelihood": ((Scores,), "knows the likelihood"),
    "elbo": ((Bounds,), "bounds the likelihood"),
    "iwae": ((Weighs,), "weighs draws of its code"),
    "active_units": ((Bounds, Encodes, Infers), "bounds the likelihood by a posterior of its code"),
}
"""Metric -> what a recipe must be able to do, also in words."""


def in_nats(
    recipe: Recipe[Any],
    data: DataLike,
    reference: ExamplesLike,
    wanted: Sequence[str],
    *,
    k: int,
    seed: int,
    protocol: dict[str, Any],
    progress: Progress | None,
) -> Iterator[Measurement]:
    """Those of `NEEDS` that are wanted, each with its bits per dimension. k: draws of `iwae`.

    Raises:
        UserError: one that this recipe has not; labels that it was not trained with.
    """
    for metric in wanted:
        if not can(recipe, metric):
            raise UserError(f"{metric} needs a recipe that {NEEDS[metric][1]}, and {type(recipe).__name__} does not.")
        if recipe.conditional and recipe.spec.classes != data.spec.classes:
            raise UserError(f"{metric} needs the classes that the model learned, and {data.source} has {data.spec}.")
        about = protocol | {"n": len(reference), "warnings": []}
        about |= {"measure": recipe.measure} if isinstance(recipe, Measured) else {}
        about |= {"given": "labels"} if recipe.conditional else {}
        if metric == "active_units":
            value = float(active_units(recipe, reference))
            yield Measurement(metric=metric, value=value, protocol=about)
        elif metric == "log_likelihood":
            yield from _both(metric, log_likelihood(recipe, reference, progress=progress), recipe, about)
        elif metric == "elbo":
            yield from _both(metric, elbo(recipe, reference, seed=seed, progress=progress), recipe, about)
        else:
            nats = iwae(recipe, reference, k=k, seed=seed, progress=progress)
            yield from _both(metric, nats, recipe, about | {"k": k})


def can(recipe: Recipe[Any], metric: str) -> bool:
    """Whether the recipe has an answer to this metric of `NEEDS`."""
    return all(isinstance(recipe, capability) for capability in NEEDS[metric][0])


def _both(metric: str, nats: Tensor, recipe: Recipe[Any], about: dict[str, Any]) -> Iterator[Measurement]:
    """In nats, and in bits per dimension where the recipe says what it measures."""
    value, error = mean_and_error(nats)
    yield Measurement(metric=metric, value=value, error=error, protocol=about)
    if isinstance(recipe, Measured):
        value, error = mean_and_error(bits_per_dimension(nats, recipe.spec.dimensions, recipe.measure))
        name = {"log_likelihood": "bits_per_dim_exact", "iwae": "bits_per_dim_iwae"}.get(metric, "bits_per_dim")
        yield Measurement(metric=name, value=value, error=error, protocol=about)
