"""A new run as a form: what can be asked for, and the command line it comes to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from saddlepoint import catalogue
from saddlepoint.assembly import check_together, configure
from saddlepoint.config import Config, DataConfig, TrainConfig
from saddlepoint.data.find import NAMES
from saddlepoint.engine.budget import make_budget
from saddlepoint.errors import UserError
from saddlepoint.web import paths


class NewRun(Config):
    """What the form sends. One of steps, images and minutes."""

    recipe: str
    name: str
    data: str
    seed: int = Field(0, ge=0, lt=2**31)
    steps: int | None = Field(None, ge=1)
    images: int | None = Field(None, ge=1)
    minutes: float | None = Field(None, gt=0)
    options: dict[str, Any] = Field(default_factory=dict)
    """Keys of the recipe, of training and of data that differ from their defaults."""


ELSEWHERE = {"wandb"}
"""Ways to track a run that leave this machine, which is not for a visitor to decide."""


class Nothing(Config):
    """The body of a request that needs none."""


def sources(folders: Sequence[Path]) -> list[str]:
    """What a visitor may train on: sets that have a name, and the folders that the explorer was started with."""
    return [*NAMES, *(str(folder) for folder in folders)]


def choices(folders: Sequence[Path]) -> dict[str, Any]:
    """Recipes by group, and data."""
    entries = [catalogue.info(name) for name in catalogue.names()]
    return {
        "groups": [
            {
                "title": title,
                "recipes": [{"name": e.name, "summary": e.summary, "can": e.can} for e in entries if e.group == group],
            }
            for group, title in catalogue.GROUPS.items()
            if any(e.group == group for e in entries)
        ],
        "data": sources(folders),
    }


def form(name: str) -> dict[str, Any]:
    """A recipe's options as JSON schemas, with its own defaults, preset values among them.

    Raises:
        UserError: no such recipe.
    """
    entry, recipe = catalogue.info(name), catalogue.recipe_class(name)
    defaults = catalogue.configure(name).model_dump(mode="json")
    parts: dict[str, type[Config]] = {"recipe": recipe.Config, "train": TrainConfig, "data": DataConfig}
    schemas = {part: schema.model_json_schema() for part, schema in parts.items()}
    for key, about in schemas["recipe"].get("properties", {}).items():
        about["default"] = defaults[key]
    track = schemas["train"]["properties"]["track"]
    track["enum"] = [way for way in track["enum"] if way not in ELSEWHERE]
    return {
        "name": name,
        "summary": entry.summary,
        "paper": f"{entry.paper.title}. {entry.paper.authors}, {entry.paper.year}",
        "labels": recipe.conditional,
        "kinds": list(recipe.kinds),
        "options": schemas,
    }


def command(asked: NewRun, root: Path, folders: Sequence[Path]) -> list[str]:
    """The arguments of `saddle` for this run, checked as far as can be without its data.

    Raises:
        UserError: a name that is taken or none, data that is not offered, or an option that cannot be.
    """
    folder = paths.new(root, asked.name)
    if asked.data not in sources(folders):
        raise UserError(f"{asked.data!r} is not offered here: start the explorer with --data {asked.data}.")
    budget = make_budget(asked.steps, asked.images, asked.minutes)
    if asked.options.get("track") in ELSEWHERE:
        raise UserError(f"track={asked.options['track']} sends the log elsewhere: start that training in a terminal.")
    check_together(configure(asked.recipe, asked.options), budget)
    given = {"--steps": asked.steps, "--images": asked.images, "--minutes": asked.minutes}
    length = [text for flag, value in given.items() if value is not None for text in (flag, str(value))]
    options = [f"{key}={json.dumps(value)}" for key, value in asked.options.items()]
    where = ["--data", asked.data, "--out", str(folder), "--seed", str(asked.seed)]
    return ["train", asked.recipe, *options, *where, *length]
