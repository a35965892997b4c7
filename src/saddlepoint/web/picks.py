"""A sample's name, its pick: `seed.index` or `seed.index.label`, the sample at that place of that seed's draw.

A latent that has no name travels as its numbers: float32 in base64, which the page carries and gives back.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from saddlepoint.errors import UserError
from saddlepoint.recipe import Latent, Recipe
from saddlepoint.types import Noise

MOST = 64  # samples of one request
PICK = re.compile(r"(\d{1,18})\.(\d{1,9})(?:\.(\d{1,9}))?")


@dataclass(frozen=True, order=True)
class Pick:
    """One sample of a seed's draw. label: its class, for conditional models; by default the classes take turns."""

    seed: int
    index: int
    label: int | None = None

    def __str__(self) -> str:
        return f"{self.seed}.{self.index}" + ("" if self.label is None else f".{self.label}")


def parse(text: str) -> list[Pick]:
    """Picks from `0.3,0.7.1`.

    Raises:
        UserError: one that is none, or too many.
    """
    found = [PICK.fullmatch(part) for part in text.split(",")]
    if None in found or len(found) > MOST:
        raise UserError(f"picks={text[:40]!r}: write up to {MOST} as seed.index or seed.index.label, between commas.")
    return [Pick(*(None if group is None else int(group) for group in match.groups())) for match in found if match]  # pyright: ignore[reportArgumentType]


def size(model: Recipe[Any]) -> int:
    """Numbers in one latent, D.

    Raises:
        UserError: the model has no latent.
    """
    if not isinstance(model, Latent):
        raise UserError(f"{type(model).__name__} has no latent: its samples are not made from one vector.")
    return sum(part.size for part in model.slices)


def packed(z: Tensor) -> str:
    """A latent (D,), as the page carries it."""
    return base64.b64encode(z.detach().cpu().numpy().astype("<f4").tobytes()).decode()


def unpacked(text: str, model: Recipe[Any]) -> Tensor:
    """(D,) on the model's device.

    Raises:
        UserError: it is not base64, of another length, or not finite.
    """
    wanted = size(model)
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise UserError(f"{text[:20]!r} is not a latent: it is to be {wanted} float32 numbers in base64.") from None
    if len(content) != 4 * wanted:
        raise UserError(f"A latent of this model is {wanted} float32 numbers, and these are {len(content)} bytes.")
    z = torch.from_numpy(np.frombuffer(content, "<f4").astype(np.float32))
    if not z.isfinite().all():
        raise UserError("Every number of a latent is to be finite, and one of these is not.")
    return z.to(model.device)


@torch.no_grad()
def latents(model: Recipe[Any], picks: Sequence[Pick], psi: float = 1.0) -> Tensor:
    """z (B, D) of these picks.

    Raises:
        UserError: the model has no latent, or none to truncate.
    """
    size(model)
    assert isinstance(model, Latent)
    if psi < 1 and not any(part.prior == "normal" for part in model.slices):
        raise UserError("Truncation is for latents that are normal, and no part of this one is.")
    z = torch.cat(
        [
            model.prior(Noise("sample", p[0].seed, rows=len(p), start=p[0].index, device=model.device, draw_on="cpu"))
            for _, p in stretches(picks)
        ]
    )
    scale = [torch.full((part.size,), psi if part.prior == "normal" else 1.0) for part in model.slices]
    return z * torch.cat(scale).to(z)


def labels(model: Recipe[Any], picks: Sequence[Pick]) -> Tensor | None:
    """(B,) classes of these picks, for a conditional model.

    Raises:
        UserError: a class that does not exist, or for a model that takes none.
    """
    named = [pick.label for pick in picks if pick.label is not None]
    count = len(model.spec.classes)
    if not model.conditional:
        if named:
            raise UserError(f"{type(model).__name__} takes no class: it was not trained with labels.")
        return None
    if named and max(named) >= count:
        raise UserError(f"Class {max(named)} does not exist: classes are 0 to {count - 1}.")
    return torch.tensor([pick.index % count if pick.label is None else pick.label for pick in picks])


def stretches(picks: Sequence[Pick]) -> list[tuple[slice, Sequence[Pick]]]:
    """Picks cut into runs of neighbours of one seed, which are drawn together."""
    cuts = [0]
    for i in range(1, len(picks)):
        if (picks[i].seed, picks[i].index) != (picks[i - 1].seed, picks[i - 1].index + 1):
            cuts.append(i)
    ends = [*cuts[1:], len(picks)]
    return [(slice(start, end), picks[start:end]) for start, end in zip(cuts, ends, strict=True)]
