"""Steer: a sample's latent moved along directions and its codes set; and samples added and subtracted."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from weakref import WeakKeyDictionary

import torch
from pydantic import Field
from torch import Tensor

from saddlepoint.config import Config
from saddlepoint.errors import UserError
from saddlepoint.latent.arithmetic import analogy, neighbours
from saddlepoint.latent.directions import Directions, ganspace, sefa
from saddlepoint.recipe import Recipe
from saddlepoint.types import Noise
from saddlepoint.web.codes import Values, read, write
from saddlepoint.web.models import Ask
from saddlepoint.web.picks import Pick, labels, latents, packed, parse, unpacked
from saddlepoint.web.service import generated, pictures

COUNT = 8
"""Directions offered."""
REACH = 10.0
"""Standard deviations that a request may go; the page's sliders end at 3."""
FINDERS = {"sefa": sefa, "ganspace": ganspace}

Method = Literal["sefa", "ganspace"]
Amount = Annotated[float, Field(ge=-REACH, le=REACH)]

_found: WeakKeyDictionary[Recipe[Any], dict[Method, Directions]] = WeakKeyDictionary()


class Find(Ask):
    """Directions that are found without labels."""

    method: Method = "sefa"


class Place(Ask):
    """Where to start: at a sample, by its pick, or at a latent that the page carries, with its class if it has one."""

    pick: str = Field("", max_length=64)
    latent: str = ""
    label: int | None = Field(None, ge=0)


class Move(Config):
    """So many times a vector that the page carries, as latents are."""

    vector: str
    amount: Amount


class Steer(Place):
    """A place, and where to go from there."""

    method: Method = "sefa"
    amounts: tuple[Amount, ...] = Field((), max_length=COUNT)
    """Along the first directions that `method` finds, in standard deviations of draws."""
    moves: tuple[Move, ...] = Field((), max_length=COUNT)
    codes: Values = Field(default_factory=dict)
    """Codes by their names, set after all moves."""


class Sum(Ask):
    """Three groups of samples, by their picks, for A - B + C. seed: of the result's neighbours."""

    a: str = Field("", max_length=4096)
    b: str = Field("", max_length=4096)
    c: str = Field("", max_length=4096)
    seed: int = Field(0, ge=0, lt=2**31)


def directions(model: Recipe[Any], method: Method) -> Directions:
    """Found once for each model and kept as long as that is.

    Raises:
        UserError: no layer of the model takes its latent as it is.
    """
    known = _found.setdefault(model, {})
    if method not in known:
        known[method] = FINDERS[method](model, COUNT)
    return known[method]


def listed(model: Recipe[Any], asked: Find) -> dict[str, Any]:
    """What each direction explains, for the page."""
    found = directions(model, asked.method)
    return {"strength": found.strength.tolist(), "spread": found.spread.tolist()}


def place(model: Recipe[Any], asked: Place) -> tuple[Tensor, Tensor | None]:
    """z (1, D), and y (1,) of a conditional model.

    Raises:
        UserError: neither or both of pick and latent, or a latent without its class.
    """
    if bool(asked.pick) == bool(asked.latent):
        raise UserError("Start at one sample, by its pick, or at one latent.")
    if asked.latent:
        if model.conditional and asked.label is None:
            raise UserError("A latent of this model goes with a class: give its label.")
        return unpacked(asked.latent, model)[None], labels(model, [Pick(0, 0, asked.label)])
    picks = parse(asked.pick)
    if len(picks) > 1 or asked.label is not None:
        raise UserError(f"pick={asked.pick!r}: start at one sample, which has its class in its name.")
    return latents(model, picks, asked.psi), labels(model, picks)


def moved(model: Recipe[Any], z: Tensor, asked: Steer) -> Tensor:
    """z (1, D) after the moves, its codes set.

    Raises:
        UserError: a direction, vector or code that the model does not have.
    """
    if asked.amounts:
        found, amounts = directions(model, asked.method), torch.tensor(asked.amounts, device=z.device)
        count = len(amounts)
        if count > len(found.vectors):
            raise UserError(f"This model has {len(found.vectors)} directions, and {count} amounts were given.")
        z = z + (amounts * found.spread[:count]) @ found.vectors[:count]
    for move in asked.moves:
        z = z + move.amount * unpacked(move.vector, model)
    return write(model, z, asked.codes)


def steered(model: Recipe[Any], asked: Steer) -> dict[str, Any]:
    """The picture there, for the page, with the latent and the values of its codes."""
    start, y = place(model, asked)
    z = moved(model, start, asked)
    return {"images": pictures(generated(model, z, y)), "latent": packed(z[0]), "codes": read(model, z[0])}


def summed(model: Recipe[Any], asked: Sum) -> dict[str, Any]:
    """A - B + C among its eight neighbours, the fifth picture, all of the class of C's first sample.

    Raises:
        UserError: an empty group.
    """
    if not (asked.a and asked.b and asked.c):
        raise UserError("A - B + C takes one sample or more of each.")
    picks = [parse(text) for text in (asked.a, asked.b, asked.c)]
    middle = analogy(*(latents(model, group, asked.psi) for group in picks))
    z = neighbours(middle, Noise("jitter", asked.seed, rows=8, device=model.device, draw_on="cpu"))
    y = labels(model, picks[2][:1])
    return {
        "images": pictures(generated(model, z, None if y is None else y.expand(len(z)))),
        "latents": [packed(each) for each in z],
        "label": None if y is None else int(y[0]),
    }
