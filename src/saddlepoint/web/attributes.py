"""An attribute's direction, learnt from what the visitor marked or from the classes of the training data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from saddlepoint.data.dataset import Data
from saddlepoint.errors import UserError
from saddlepoint.latent.arithmetic import learn_attribute
from saddlepoint.recipe import Encodes, Latent, Recipe
from saddlepoint.types import Noise
from saddlepoint.web.models import Ask
from saddlepoint.web.picks import latents, packed, parse

ENOUGH = 10
"""Marks of each side from which a regression is learnt: some of each are then left to judge it by."""
IMAGES = 500
"""Encoded training images of each class."""
DRAWS = 2000


class Marks(Ask):
    """Samples that have something and samples that have it not, by their picks."""

    has: str = Field("", max_length=4096)
    lacks: str = Field("", max_length=4096)


class Classes(Ask):
    """Two classes of the training data, by number."""

    has: int = Field(ge=0)
    lacks: int = Field(ge=0)


def by_marks(model: Recipe[Any], marks: Marks) -> dict[str, Any]:
    """The direction as the page carries it, a standard deviation of draws long, and how sure it is.

    Raises:
        UserError: nothing is marked on a side, or one sample on both.
    """
    if not (marks.has and marks.lacks):
        raise UserError("Mark one sample or more that has it, and one or more that has it not.")
    has, lacks = parse(marks.has), parse(marks.lacks)
    if both := sorted(set(has) & set(lacks)):
        raise UserError(f"Sample {both[0]} is marked both as having it and as not.")
    sides = latents(model, has, marks.psi), latents(model, lacks, marks.psi)
    assert isinstance(model, Latent)
    draws = model.prior(Noise("attribute", 0, rows=DRAWS, device=model.device, draw_on="cpu"))
    if min(map(len, sides)) >= ENOUGH:
        return _regression(*sides, draws, "marks")
    vector, right = mean_difference(*sides)
    says = f"Difference of the means of {len(has)} and {len(lacks)} marks"
    if right is None:
        return _answer(vector, draws, f"{says}: too few to say how sure it is.")
    total, common = sum(map(len, sides)), max(map(len, sides))
    sure = f"left out one at a time, {right} of {total} lie on the right side (always naming the commoner: {common})"
    return _answer(vector, draws, f"{says}: {sure}{'' if right > common else ', so it is no better than guessing'}.")


def by_classes(model: Recipe[Any], data: Data, asked: Classes, breathe: Callable[[], None]) -> dict[str, Any]:
    """The same from encoded training images of two classes. breathe: called between batches.

    Raises:
        UserError: the model does not encode, or there are no such classes.
    """
    if not isinstance(model, Encodes):
        raise UserError(f"{type(model).__name__} has no encoder, so it cannot place training images in its latent.")
    names, labels = data.spec.classes, data.train.labels
    if labels is None or max(asked.has, asked.lacks) >= len(names):
        raise UserError(f"Class {max(asked.has, asked.lacks)} does not exist: {data.source} has {len(names)} classes.")
    if asked.has == asked.lacks:
        raise UserError(f"Both classes are {names[asked.has]}: choose two.")
    sides: list[Tensor] = []
    for label in (asked.has, asked.lacks):
        held = np.flatnonzero(labels[data.train.index] == label)
        chosen = np.random.default_rng(0).permutation(held)[:IMAGES]
        if len(chosen) < ENOUGH:
            raise UserError(f"{len(chosen)} training images of class {names[label]} are too few to learn from.")
        parts: list[Tensor] = []
        for start in range(0, len(chosen), 64):
            with torch.no_grad():
                parts.append(model.encode(data.train.x(chosen[start : start + 64]).to(model.device)).float())
            breathe()
        sides.append(torch.cat(parts))
    return _regression(sides[0], sides[1], torch.cat(sides), "encoded training images")


def mean_difference(has: Tensor, lacks: Tensor) -> tuple[Tensor, int | None]:
    """From the mean of latents without, (M, D), to that of latents with an attribute, (N, D): (D,), of length 1.

    And how many of all lie on the right side of the middle between the means of the others; None with one of a side.

    Raises:
        UserError: the means are the same.
    """
    vector = has.mean(0) - lacks.mean(0)
    if not float(vector.norm()):
        raise UserError("The means of both sides are the same: there is no direction between them.")
    right = None
    if min(len(has), len(lacks)) > 1:
        right = 0
        for mine, others in ((has, lacks), (lacks, has)):
            left = (mine.sum(0) - mine) / (len(mine) - 1)  # the mean of the rest, for each
            across, middle = left - others.mean(0), (left + others.mean(0)) / 2
            right += int((((mine - middle) * across).sum(1) > 0).sum())
    return vector / vector.norm(), right


def _regression(has: Tensor, lacks: Tensor, spread_of: Tensor, what: str) -> dict[str, Any]:
    """By logistic regression, both sides mixed evenly, so that as much of each is held out."""
    z, true = torch.cat([has, lacks]), torch.arange(len(has) + len(lacks)) < len(has)
    places = torch.cat([(torch.arange(len(side)) + 0.5) / len(side) for side in (has, lacks)])
    order = places.argsort(stable=True)
    found = learn_attribute(z[order], true[order])
    says = (
        f"Logistic regression on {len(z)} {what}: {found.accuracy:.0%} of the {found.held_out} held out lie on the "
        f"right side (always naming the commoner: {found.floor:.0%})"
    )
    doubt = "" if found.accuracy > found.floor else ", so it is no better than guessing"
    return _answer(found.vector, spread_of, f"{says}{doubt}.")


def _answer(vector: Tensor, spread_of: Tensor, says: str) -> dict[str, Any]:
    """spread_of: (N, D) latents, whose standard deviation along the vector is a slider's unit."""
    return {"vector": packed(vector * (spread_of @ vector).std()), "says": says}
