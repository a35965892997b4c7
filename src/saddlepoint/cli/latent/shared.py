"""What the commands of `saddle latent` share: from runs, seeds and pictures to latents, and back to a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from cyclopts.types import NonNegativeInt

from saddlepoint.cli.common import Checkpoint, make_folder
from saddlepoint.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

    from saddlepoint.data.dataset import Data
    from saddlepoint.recipe import Recipe

Seeds = Annotated[tuple[NonNegativeInt, ...], Parameter(consume_multiple=True, negative=())]
Pictures = Annotated[tuple[Path, ...], Parameter(consume_multiple=True, negative=())]
At = Annotated[Checkpoint, Parameter(name="--checkpoint", help="latest, best, or the number of images seen.")]
Device = Annotated[str, Parameter(help="cpu, cuda, cuda:1, mps; auto takes the fastest there is.")]
Class = Annotated[str | None, Parameter(name="--class", help="A class, by name or number, for conditional models.")]


def load_latent(run: Path, checkpoint: Checkpoint, device: str) -> Recipe[Any]:
    from saddlepoint import api
    from saddlepoint.recipe import Latent

    model = api.load(run, checkpoint=checkpoint, device=device)
    if not isinstance(model, Latent):
        raise UserError(f"{run} is a {type(model).__name__}, which has no latent: `saddle ls` shows which have one.")
    return model


def draws(model: Any, seeds: Sequence[int]) -> Tensor:
    """The latent of each seed: (N, D). A seed is the same latent whatever others are asked for."""
    import torch

    from saddlepoint.types import Noise

    if not seeds:
        raise UserError("No seeds were given: write them as --seeds 1 2 3.")
    return torch.cat([model.prior(Noise("latent", s, rows=1, device=model.device, draw_on="cpu")) for s in seeds])


def encodes(model: Recipe[Any]) -> bool:
    from saddlepoint.recipe import Encodes

    return isinstance(model, Encodes)


def encoded(model: Any, images: Sequence[Path]) -> Tensor:
    if not encodes(model):
        raise UserError(f"--images: {type(model).__name__} has no encoder; `saddle latent invert` needs none.")
    return encode(model, read_pictures(model, images)).to(model.device)


def read_pictures(model: Recipe[Any], images: Sequence[Path]) -> Tensor:
    """Pictures as the model takes them: (N, C, H, W)."""
    import torch

    from saddlepoint.data.dataset import to_model
    from saddlepoint.data.picture import PictureError, decode

    if model.spec.kind != "image":
        raise UserError(f"This model makes {model.spec}: it has no pictures to read.")
    channels, height, width = model.spec.shape
    made: list[Tensor] = []
    for path in images:
        try:
            made.append(torch.tensor(decode(path.read_bytes(), (height, width, channels), "crop")))
        except (PictureError, OSError) as error:
            raise UserError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    return to_model(torch.stack(made))


MOST = 2000
"""Pictures of a class that an attribute is learned from."""


def pictures_of(source: Data, name: str, split: Literal["train", "test"] = "train") -> Tensor:
    """Up to `MOST` pictures of a class: (N, C, H, W)."""
    import numpy as np

    from saddlepoint.cli.sample import class_number

    number = class_number(name, source.spec.classes)
    part = source.train if split == "train" else source.test
    assert part.labels is not None
    return part.x(np.flatnonzero(part.labels[part.index] == number)[:MOST])


def encode(model: Any, x: Tensor) -> Tensor:
    import torch

    with torch.no_grad():
        codes = [model.encode(part.to(model.device)).float().cpu() for part in x.split(64)]
    return torch.cat(codes) if codes else torch.empty(0, sum(part.size for part in model.slices))


def labels_for(model: Recipe[Any], label: str | None, n: int) -> Tensor | None:
    import torch

    from saddlepoint.cli.sample import class_number

    if not model.conditional:
        if label is not None:
            raise UserError(f"--class {label}: this model takes no class.")
        return None
    y = 0 if label is None else class_number(label, model.spec.classes)
    return torch.full((n,), y, device=model.device)


def generate(model: Any, z: Tensor, label: str | None) -> Tensor:
    """Samples of latents (N, D), on the CPU."""
    import torch

    y = labels_for(model, label, len(z))
    with torch.no_grad():
        parts = [model.generate(part, None if y is None else y[: len(part)]).float().cpu() for part in z.split(64)]
    x = torch.cat(parts)
    return x.clamp(-1, 1) if model.spec.kind == "image" else x


def write_wall(x: Tensor, out: Path, columns: int) -> None:
    from saddlepoint.files import save_png
    from saddlepoint.pictures import wall as joined

    make_folder("--out", out.parent)
    save_png(joined(x, columns), out)
