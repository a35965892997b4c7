"""A classifier on a network's features: linear, or trained on together with the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from saddlepoint.errors import UserError
from saddlepoint.metrics.datalike import ExamplesLike, Positions, Progress, chunks, shuffled
from saddlepoint.recipe import Recipe

BATCH, RATE, RIDGE = 64, 3e-4, 1e-3
Extract = Callable[[Tensor], Tensor]
"""From examples (B, *shape) to features (B, D)."""


class Head(nn.Module):
    """Features (B, D) -> logits (B, classes), by way of features of mean 0 and deviation 1."""

    mean: Tensor
    std: Tensor

    def __init__(self, features: Tensor, classes: int) -> None:
        super().__init__()
        self.register_buffer("mean", features.mean(0))
        self.register_buffer("std", features.std(0, correction=0).clamp_min(1e-6))
        self.linear = nn.Linear(features.shape[1], classes).to(features.device)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, features: Tensor) -> Tensor:
        return self.linear((features.float() - self.mean) / self.std)


def linear_head(recipe: Recipe[Any], extract: Extract, train: ExamplesLike, known: Positions) -> Head:
    """Multinomial logistic regression on the features as they are, with a little ridge, to its optimum."""
    features = features_of(extract, recipe, train, known)
    y = labels_of(train, known).to(features.device)
    head = Head(features, len(train.spec.classes))
    lbfgs = torch.optim.LBFGS(head.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        lbfgs.zero_grad()
        loss = cross_entropy(head(features), y) + RIDGE * head.linear.weight.square().sum()
        loss.backward()
        return loss

    lbfgs.step(closure)  # pyright: ignore[reportArgumentType]  # typed as a closure of floats
    return head


@torch.no_grad()
def untrained_head(recipe: Recipe[Any], extract: Extract, train: ExamplesLike, known: Positions, seed: int) -> Head:
    """A head for a network that is yet to be trained with it, in place of one on features in eval mode.

    Batch norm's running statistics say nothing yet, and by them features can be far smaller than those of training: so
    the head's are of a pass in train mode, in training's batches.
    """
    recipe.train()
    features = [extract(train.x(rows).to(recipe.device)).float() for rows in _batches(known, len(known), seed)]
    return Head(torch.cat(features), len(train.spec.classes))


def fine_tune(
    recipe: Recipe[Any],
    extract: Extract,
    head: Head,
    train: ExamplesLike,
    known: Positions,
    images: int,
    seed: int,
    progress: Progress | None,
) -> None:
    """Train the network and its head together on the examples at `known`, in place.

    Raises:
        UserError: no gradient reaches the network.
    """
    recipe.train().requires_grad_(True)
    adam = torch.optim.Adam([*recipe.parameters(), *head.parameters()], lr=RATE)
    for step, rows in enumerate(_batches(known, images, seed)):
        logits = head(extract(train.x(rows).to(recipe.device)))
        adam.zero_grad(set_to_none=True)
        cross_entropy(logits, labels_of(train, rows).to(logits.device)).backward()
        if all(p.grad is None for p in recipe.parameters()):
            raise UserError(f"{type(recipe).__name__} finds codes by search: there is no network to fine-tune.")
        adam.step()
        if progress:
            progress(min((step + 1) * BATCH, images), images, "fine-tuning")
    recipe.eval()


def _batches(known: Positions, images: int, seed: int) -> Iterator[Positions]:
    """Batches of the known examples, reshuffled at each pass, until so many images have been seen."""
    seen, epoch = 0, 0
    while seen < images:
        order = known[shuffled(len(known), "fine-tune", seed, epoch)]
        for rows in chunks(order, BATCH):
            if seen < images and (len(rows) > 1 or len(known) == 1):  # batch norm needs two
                yield rows
                seen += len(rows)
        epoch += 1


@torch.no_grad()
def features_of(extract: Extract, recipe: Recipe[Any], examples: ExamplesLike, rows: Positions) -> Tensor:
    """Features (N, D) of the examples at these positions, in eval mode."""
    recipe.eval()
    return torch.cat([extract(examples.x(part).to(recipe.device)).float() for part in chunks(rows, 256)])


def labels_of(examples: ExamplesLike, rows: Positions) -> Tensor:
    """Labels (N,) of the examples at these positions, which have some."""
    y = examples.y(rows)
    assert y is not None, "labels were asked for before"
    return y
