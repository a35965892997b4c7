"""Games of the laboratory while they train: a moment after the other, for as long as the visitor looks on."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
import torch
from pydantic import Field

from saddlepoint import catalogue
from saddlepoint.config import Config, DataConfig, parse_overrides
from saddlepoint.data.load import load
from saddlepoint.data.toy import TOYS, Mixture
from saddlepoint.errors import UserError
from saddlepoint.lab import game, ring
from saddlepoint.lab.game import Moment, Scene
from saddlepoint.lab.training import is_duel
from saddlepoint.types import DataSpec
from saddlepoint.web.lab import rounded
from saddlepoint.web.room import Room

FRAMES = 50
LARGEST = 1024
"""Of any number in the options: networks that a page can watch are small."""
# Also in text, for several values may come as `64,1e5`.
NUMBER = re.compile(r"\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")
LINE = DataSpec(kind="points", shape=(1,))
SMALL: Mapping[str, str] = {
    "g_widths": "128,128",
    "d_widths": "128,128",
    "widths": "128,128",
    "hidden": "128",
    "dropout": "0",
    "latent": "8",
    "lr": "5e-4",
}
"""Options proposed for the recipes that take them: the papers' own are for pictures, and many times slower."""


class Training(Config):
    """How long to train, and from which draw."""

    steps: int = Field(1500, ge=1, le=5000)
    seed: int = Field(0, ge=0, lt=2**31)


class Game(Training):
    """A GAN on points. options: KEY=VALUE pairs of the recipe and of training, with spaces between."""

    recipe: str = "gan"
    data: str = "8gaussians"
    options: str = Field("", max_length=500)


@cache
def choices() -> dict[str, Any]:
    """Recipes that can be put in, each with the options proposed for it, and data sets."""
    proposed: dict[str, str] = {}
    for name in catalogue.names():
        recipe = catalogue.recipe_class(name)
        if "points" in recipe.kinds and not recipe.conditional:
            options = " ".join(f"{key}={value}" for key, value in SMALL.items() if _takes(name, f"{key}={value}"))
            with suppress(UserError):  # a preset may be for images alone
                if is_duel(catalogue.create(name, LINE, **parse_options(options))):
                    proposed[name] = options
    return {"recipes": proposed, "data": list(TOYS)}


def _takes(name: str, option: str) -> bool:
    """Whether a recipe has that option, and of that kind: r3gan's lr is a pair."""
    with suppress(UserError):
        catalogue.configure(name, parse_options(option))
        return True
    return False


def play(asked: Game, room: Room) -> Generator[dict[str, Any]]:
    """What stays the same, then a moment at a time.

    Raises:
        UserError: at the first, if it cannot be played or there is no room.
        NonFiniteError: later, if it diverges.
    """
    if asked.data not in TOYS:
        raise UserError(f"data={asked.data!r}: choose among {', '.join(TOYS)}.")
    options = parse_options(asked.options)
    with room.seat():
        data = load(asked.data, DataConfig())
        seen = game.scene(data)
        moments = game.play(asked.recipe, data, steps=asked.steps, frames=FRAMES, seed=asked.seed, options=options)
        first = next(moments)  # an unknown recipe or option is told before anything else is
        yield stage(seen)
        yield frame(seen, first)
        for moment in moments:
            room.check()
            yield frame(seen, moment)


def learn(asked: Training, room: Room) -> Generator[dict[str, Any]]:
    """The ring by its formula, then the map that a generator has learnt, a moment at a time.

    Raises:
        UserError: there is no room.
    """
    formula = ring.exact()
    with room.seat():
        yield {
            "noise": _points(ring.noise(len(formula.points))),
            "formula": _points(formula.points),
            "says": ring.describe(formula),
        }
        for found in ring.learn(steps=asked.steps, frames=FRAMES, seed=asked.seed):
            room.check()
            yield {"step": found.step, "points": _points(found.points), "says": ring.describe(found)}


def parse_options(text: str) -> dict[str, Any]:
    """`lr=1e-3 widths=[64, 64]` as a mapping.

    Raises:
        UserError: what is no option, or a number too large for a game that is watched.
    """
    parts = re.split(r"\s+(?=\w+\s*=)", text.strip())
    options = parse_overrides(part.strip() for part in parts if part.strip())
    for key, value in options.items():
        if any(float(each) > LARGEST for each in NUMBER.findall(str(value).replace("_", ""))):
            raise UserError(f"{key}={value}: in a game that is watched live no number may be above {LARGEST:,}.")
    return options


def stage(seen: Scene) -> dict[str, Any]:
    """What stays the same: data, the grid, and on a line the true density over it, where it is known."""
    truth = seen.truth if seen.dimensions == 1 and isinstance(seen.truth, Mixture) else None
    axis = seen.axis
    density = None if truth is None else truth.log_prob(torch.from_numpy(axis)[:, None]).exp().numpy()
    return {
        "real": _points(seen.real),
        "axis": [float(axis[0]), float(axis[-1]), len(axis)],
        "density": None if density is None else rounded(density, 3),
    }


def frame(seen: Scene, moment: Moment) -> dict[str, Any]:
    """A moment: samples (N, D); pulls (A, D) on the first of them; scores on the grid, in the plane as ranks from 0 to
    100 row by row; and the whole in words."""
    scores = moment.scores
    if scores is not None:
        scores = (
            rounded(scores) if seen.dimensions == 1 else np.rint(100 * game.ranked(scores)).astype(int).ravel().tolist()
        )
    return {
        "step": moment.step,
        "samples": _points(moment.samples),
        "pull": _points(game.arrows(moment.pull, seen.width)),
        "scores": scores,
        "says": game.describe(seen, moment),
    }


def _points(x: game.Array) -> list[list[float]]:
    """To a thousandth: the eye sees no more."""
    return np.round(x.astype(np.float64), 3).tolist()
