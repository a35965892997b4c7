"""From a request to images: pure functions of a run's model. What is drawn is named by seeds, so nobody has a state.

A sample's name, its pick, is `seed.index` or `seed.index.label`: the sample at that place of that seed's draw.
"""

from __future__ import annotations

import base64
import io
import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from saddlepoint import api, runs
from saddlepoint.config import Config
from saddlepoint.errors import UserError
from saddlepoint.latent.paths import between
from saddlepoint.pictures import png, to_image, to_pixels, wall
from saddlepoint.recipe import Latent, Recipe
from saddlepoint.types import Noise

KEPT = 3  # models in memory
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


class Ask(Config):
    """What every question to a model says."""

    checkpoint: str = Field("latest", pattern=r"^(latest|best|[0-9]{1,18})$")
    weights: Literal["average", "raw"] = "average"
    psi: float = Field(1.0, ge=0, le=1)
    """Truncation: normal parts of the latent times this, so that samples come from nearer the middle."""

    @property
    def which(self) -> int | Literal["latest", "best"]:
        return self.checkpoint if self.checkpoint in ("latest", "best") else int(self.checkpoint)


class Draw(Ask):
    """Samples by seed: n from the first on; or those of `picks`, with commas between them."""

    seed: int = Field(0, ge=0, lt=2**63)
    first: int = Field(0, ge=0, lt=10**9)
    n: int = Field(24, ge=1, le=MOST)
    label: int | None = Field(None, ge=0)
    picks: str = Field("", max_length=4096)

    def wanted(self) -> list[Pick]:
        """
        Raises:
            UserError: a pick that is none, or too many.
        """
        if self.picks:
            return parse(self.picks)
        return [Pick(self.seed, self.first + i, self.label) for i in range(self.n)]


class Walk(Ask):
    """A point of the way through `picks`: 0 at the first, 1 at the second, and so on."""

    picks: str = Field(max_length=4096)
    at: float = Field(0.0, ge=0, le=MOST)
    how: Literal["auto", "linear", "spherical"] = "auto"


def parse(text: str) -> list[Pick]:
    """Picks from `0.3,0.7.1`.

    Raises:
        UserError: one that is none, or too many.
    """
    found = [PICK.fullmatch(part) for part in text.split(",")]
    if None in found or len(found) > MOST:
        raise UserError(f"picks={text[:40]!r}: write up to {MOST} as seed.index or seed.index.label, between commas.")
    return [Pick(*(None if group is None else int(group) for group in match.groups())) for match in found if match]  # pyright: ignore[reportArgumentType]


class Models:
    """The models asked for last. One computation at a time: two on the same cores would only slow each other."""

    def __init__(self, kept: int = KEPT) -> None:
        self.kept, self.lock = kept, threading.Lock()
        self._held: OrderedDict[tuple[Any, ...], Recipe[Any]] = OrderedDict()

    def get(self, folder: Path, ask: Ask) -> Recipe[Any]:
        """The model of a run in eval mode; call with the lock held.

        Raises:
            UserError: no such checkpoint, or a damaged one.
        """
        where = runs.find_checkpoint(folder, ask.which)
        key = (where, ask.weights, (where / "state.json").stat().st_mtime_ns)
        if key not in self._held:
            self._held[key] = api.load(folder, weights=ask.weights, checkpoint=int(where.name), device="cpu")
        self._held.move_to_end(key)
        while len(self._held) > self.kept:
            self._held.popitem(last=False)
        return self._held[key]


@torch.no_grad()
def samples(model: Recipe[Any], picks: Sequence[Pick], psi: float = 1.0) -> Tensor:
    """(B, *shape), images in [-1, 1]: what `model.sample` gives at these places, truncated if psi is below 1.

    Raises:
        UserError: a class that does not exist, or truncation where no part of a latent is normal.
    """
    if psi < 1:
        x = _generated(model, latents(model, picks, psi), labels(model, picks))
    else:
        y = labels(model, picks)
        x = torch.cat(
            [
                model.sample(len(part), seed=part[0].seed, first=part[0].index, y=None if y is None else y[rows])
                for rows, part in _stretches(picks)
            ]
        )
    if not x.isfinite().all():
        raise UserError("The samples are not finite, so this model has diverged: try an earlier checkpoint.")
    return x


@torch.no_grad()
def latents(model: Recipe[Any], picks: Sequence[Pick], psi: float = 1.0) -> Tensor:
    """z (B, D) of these picks.

    Raises:
        UserError: the model has no latent, or none to truncate.
    """
    if not isinstance(model, Latent):
        raise UserError(f"{type(model).__name__} has no latent: its samples are not made from one vector.")
    if psi < 1 and not any(part.prior == "normal" for part in model.slices):
        raise UserError("Truncation is for latents that are normal, and no part of this one is.")
    z = torch.cat(
        [
            model.prior(Noise("sample", p[0].seed, rows=len(p), start=p[0].index, device=model.device, draw_on="cpu"))
            for _, p in _stretches(picks)
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


def pictures(x: Tensor) -> list[str]:
    """Each image as a data URL; points as one picture of them all."""
    shown = [wall(x)] if x.ndim == 2 else [to_image(pixels) for pixels in to_pixels(x)]
    return ["data:image/png;base64," + base64.b64encode(png(image)).decode() for image in shown]


def drawn(model: Recipe[Any], draw: Draw) -> dict[str, Any]:
    """Samples with the picks that name them, for the page."""
    picks = draw.wanted()
    y, names = labels(model, picks), model.spec.classes
    return {
        "images": pictures(samples(model, picks, draw.psi)),
        "picks": [str(pick) for pick in picks],
        "labels": None if y is None else [names[int(label)] for label in y],
    }


def sheet(model: Recipe[Any], draw: Draw) -> bytes:
    """The same as one PNG."""
    return png(wall(samples(model, draw.wanted(), draw.psi)))


def latents_file(model: Recipe[Any], draw: Draw) -> bytes:
    """Their latents as a .npy file, float32 (B, D)."""
    buffer = io.BytesIO()
    np.save(buffer, latents(model, draw.wanted(), draw.psi).cpu().numpy(), allow_pickle=False)
    return buffer.getvalue()


@torch.no_grad()
def step(model: Recipe[Any], walk: Walk) -> Tensor:
    """(1, *shape): the sample at a point of the way; its class is that of the nearest pick.

    Raises:
        UserError: fewer than two picks, or a model without a latent.
    """
    keys = parse(walk.picks)
    if len(keys) < 2:
        raise UserError("A walk needs two samples or more.")
    z, y = latents(model, keys, walk.psi), labels(model, keys)
    leg = min(int(walk.at), len(keys) - 2)
    t = torch.tensor([min(walk.at - leg, 1.0)], device=z.device)
    assert isinstance(model, Latent)
    here = between(z[leg], z[leg + 1], t, model.slices, walk.how)
    near = leg + round(float(t))
    return _generated(model, here, None if y is None else y[near : near + 1])


def stepped(model: Recipe[Any], walk: Walk) -> dict[str, Any]:
    """The same for the page."""
    return {"images": pictures(step(model, walk))}


def _generated(model: Recipe[Any], z: Tensor, y: Tensor | None) -> Tensor:
    assert isinstance(model, Latent)
    x = model.generate(z, None if y is None else y.to(z.device)).float().cpu()
    return x.clamp(-1, 1) if model.spec.kind == "image" else x


def _stretches(picks: Sequence[Pick]) -> list[tuple[slice, Sequence[Pick]]]:
    """Picks cut into runs of neighbours of one seed, which are drawn together."""
    cuts = [0]
    for i in range(1, len(picks)):
        if (picks[i].seed, picks[i].index) != (picks[i - 1].seed, picks[i - 1].index + 1):
            cuts.append(i)
    ends = [*cuts[1:], len(picks)]
    return [(slice(start, end), picks[start:end]) for start, end in zip(cuts, ends, strict=True)]
