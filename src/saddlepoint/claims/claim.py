"""What a paper claims, and how we measure it."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from PIL.Image import Image

from saddlepoint import catalogue
from saddlepoint.api import Run
from saddlepoint.data.dataset import Data
from saddlepoint.engine.budget import Budget
from saddlepoint.errors import UserError
from saddlepoint.metrics.measurement import Measurement
from saddlepoint.recipe import Recipe

Scale = Literal["quick", "full"]
"""quick: minutes on two CPU cores; full: the paper's own size, for a GPU."""


@dataclass(frozen=True, kw_only=True)
class Published:
    """A number of the paper: its value, in which measure and on what, the table or section it stands in, and whether
    it may stand beside ours at full scale: `yes`, or `no` and why."""

    value: str
    measure: str
    where: str
    comparable: str


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A training: the options that deviate from the recipe's defaults, and one budget. Images seen, or steps, make a
    row repeatable as minutes do not, which are for comparing at equal cost: on a CPU those of one core."""

    options: Mapping[str, Any]
    images: int | None = None
    steps: int | None = None
    core_minutes: float | None = None

    def budget(self, device: str) -> Budget:
        """On a GPU, minutes by the wall."""
        minutes = {"cpu_minutes" if device == "cpu" else "minutes": self.core_minutes}
        return Budget(images=self.images, steps=self.steps, **minutes)


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What a recipe's own measures may look at. model: with averaged weights."""

    run: Run
    model: Recipe[Any]
    data: Data
    seed: int


Probe = Callable[[Trained], Iterable[Measurement]]
"""A claim's own measures, besides those of `saddle evaluate`."""
Picture = Callable[[Trained], Image]
"""A picture of seed 0's model, besides its samples."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One paper.

    statement: what it says, in our words; published: its numbers, by data set; settings: how we train, by scale and
    data set; probe: our test of what it says, where there is one; pictures: what else there is to see, by the ending of
    the file's name; samples: how many are judged, where drawing them is slow; gap: what lies between its protocol and
    ours.
    """

    recipe: str
    statement: str
    published: Mapping[str, Published]
    settings: Mapping[Scale, Mapping[str, Setting]]
    gap: str
    probe: Probe | None = None
    pictures: Mapping[str, Picture] = field(default_factory=dict[str, Picture])
    samples: int | None = None

    def setting(self, on: str, scale: Scale) -> Setting:
        """How to train on a data set at a scale.

        Raises:
            UserError: the claim has no setting for it.
        """
        there = self.settings[scale]
        if on not in there:
            raise UserError(f"{self.recipe} has no {scale} setting for {on!r}: choose {' or '.join(there)}.")
        return there[on]

    def comparable(self, on: str, scale: Scale) -> str:
        """Whether the paper's number may stand beside ours: `yes`, or `no` and why. That of minutes never may."""
        said = self.published[on].comparable
        return "no: quick scale is far too short a training" if (scale, said) == ("quick", "yes") else said


def find(name: str) -> Claim:
    """The claim of a recipe.

    Raises:
        UserError: there is no such recipe, or it has no claim.
    """
    entry = catalogue.info(name)
    if entry.name != entry.recipe:
        raise UserError(f"{name} is a preset of {entry.recipe}, whose paper's claim it shares: reproduce that.")
    module = f"saddlepoint.claims.{name}"
    if importlib.util.find_spec(module) is None:
        raise UserError(f"{name} has no claim to reproduce: its paper's claim would stand in {module}.")
    return importlib.import_module(module).CLAIM
