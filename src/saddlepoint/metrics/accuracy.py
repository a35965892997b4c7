"""How often a model that classifies is right."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from saddlepoint.errors import UserError
from saddlepoint.metrics.datalike import DataLike, ExamplesLike, Progress, chunks, everything
from saddlepoint.recipe import Classifies, Recipe


@torch.no_grad()
def correct(
    recipe: Recipe[Any], data: DataLike, examples: ExamplesLike, *, batch: int = 256, progress: Progress | None = None
) -> Tensor:
    """Whether the largest logit of each example of a split is that of its label: (N,) float64 of 0 and 1.

    Raises:
        UserError: the recipe does not classify, or the examples have no labels or other classes.
    """
    if not isinstance(recipe, Classifies):
        raise UserError(f"accuracy needs a recipe that classifies, and {type(recipe).__name__} does not.")
    if not data.spec.classes or data.spec.classes != recipe.spec.classes:
        raise UserError(f"accuracy needs the classes that the model learned, and {data.source} has {data.spec}.")
    was_training = recipe.training
    recipe.eval()
    parts: list[Tensor] = []
    for positions in chunks(everything(examples), batch):
        y = examples.y(positions)
        assert y is not None
        parts.append((recipe.classify(examples.x(positions).to(recipe.device)).argmax(1).cpu() == y).double())
        if progress:
            progress(int(positions[-1]) + 1, len(examples), "classifying")
    recipe.train(was_training)
    return torch.cat(parts)
