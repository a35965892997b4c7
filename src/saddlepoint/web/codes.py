"""Parts of a latent that mean something by themselves: categories, and numbers of which there are few."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from saddlepoint.errors import UserError
from saddlepoint.latent.traverse import REACH, quantiles
from saddlepoint.recipe import Recipe
from saddlepoint.web.models import Ask
from saddlepoint.web.picks import size

FEW = 4
"""Of more numbers than that, each alone means little."""
WALKABLE = ("normal", "uniform", "logistic")

Values = dict[str, float]
"""Of codes, by their names; of a category the number of its value."""


@dataclass(frozen=True, kw_only=True)
class Code:
    """One code. start: its first number in the latent; values: how many a category has; 0 for a number, which goes from
    low to high over the middle 95% of its prior."""

    name: str
    start: int
    values: int = 0
    low: float = 0.0
    high: float = 0.0


def codes(model: Recipe[Any]) -> list[Code]:
    """All codes of a model's latent.

    Raises:
        UserError: it has no latent.
    """
    size(model)
    found: list[Code] = []
    start = 0
    for part in model.slices:
        if part.prior == "category":
            found.append(Code(name=part.name, start=start, values=part.size))
        elif part.prior in WALKABLE and part.size <= FEW:
            low, high = quantiles(part.prior, torch.tensor([(1 - REACH) / 2, (1 + REACH) / 2])).tolist()
            found += [Code(name=f"{part.name} {i}", start=start + i, low=low, high=high) for i in range(part.size)]
        start += part.size
    return found


def listed(model: Recipe[Any], asked: Ask) -> list[dict[str, Any]]:
    """The same for the page."""
    return [asdict(code) for code in codes(model)]


def read(model: Recipe[Any], z: Tensor) -> Values:
    """Values of the codes of z (D,)."""
    return {
        code.name: float(z[code.start : code.start + code.values].argmax() if code.values else z[code.start])
        for code in codes(model)
    }


def write(model: Recipe[Any], z: Tensor, values: Values) -> Tensor:
    """z (B, D) with codes set to these values.

    Raises:
        UserError: a code, or a value of a category, that does not exist.
    """
    known = {code.name: code for code in codes(model)} if values else {}
    z = z.clone()
    for name, value in values.items():
        code = known.get(name)
        if code is None:
            raise UserError(f"There is no code {name!r} in this latent: it has {', '.join(known) or 'none'}.")
        if not code.values:
            z[:, code.start] = value
        elif value in range(code.values):
            z[:, code.start : code.start + code.values] = torch.eye(code.values).to(z)[int(value)]
        else:
            raise UserError(f"{name}={value:g}: its values are 0 to {code.values - 1}.")
    return z
