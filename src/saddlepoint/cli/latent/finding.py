"""`saddle latent directions, invert`: what is found by itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cyclopts.types import NonNegativeInt

from saddlepoint.cli.common import Count, Json, Offline, check_png, print_json
from saddlepoint.cli.latent.shared import (
    At,
    Class,
    Device,
    Pictures,
    draws,
    generate,
    labels_for,
    load_latent,
    read_pictures,
    write_wall,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import Tensor


def directions(
    run: Path,
    /,
    *,
    method: Literal["sefa", "ganspace"] = "sefa",
    count: Count = 6,
    reach: float = 3.0,
    seed: NonNegativeInt = 0,
    steps: Count = 7,
    label: Class = None,
    out: Path = Path("directions.png"),
    checkpoint: At = "latest",
    device: Device = "auto",
) -> None:
    """The directions in which samples change most, found without labels: a row for each.

    Example: saddle latent directions runs/faces --method ganspace --count 8

    Args:
        run: The run's folder.
        method: sefa factors the first layer's weights; ganspace takes principal components of what it gives.
        count: How many directions.
        reach: How far a row goes to both sides, in standard deviations of draws along the direction.
        seed: The latent that is changed.
        steps: Pictures in a row.
        out: Where to write the picture.
    """
    import torch

    from saddlepoint.latent.directions import ganspace, sefa

    check_png("--out", out)
    model = load_latent(run, checkpoint, device)
    found = {"sefa": sefa, "ganspace": ganspace}[method](model, count)
    z = draws(model, [seed])
    far = torch.linspace(-reach, reach, steps, device=z.device)
    made = [z + far[:, None] * spread * v for v, spread in zip(found.vectors, found.spread, strict=True)]
    write_wall(generate(model, torch.cat(made), label), out, columns=steps)
    for i, (strength, spread) in enumerate(zip(found.strength.tolist(), found.spread.tolist(), strict=True)):
        print(f"direction {i}: {strength:.1%} of the change, draws have a standard deviation of {spread:.3g} along it")
    print(out)


def invert(
    run: Path,
    images: Pictures,
    /,
    *,
    method: Literal["auto", "encoder", "optimise", "both"] = "auto",
    steps: Count = 300,
    features: str | None = None,
    weight: float = 1.0,
    label: Class = None,
    out: Path = Path("inverted.png"),
    checkpoint: At = "latest",
    device: Device = "auto",
    offline: Offline = False,
    as_json: Json = False,
) -> None:
    """Find latents that make given pictures; shows each above what its latent makes.

    Example: saddle latent invert runs/faces me.jpg you.png

    Args:
        run: The run's folder.
        images: Pictures; they are brought to the model's size and channels.
        method: auto takes an encoder where there is one, and then descends on the error; optimise descends only.
        steps: Steps of descent.
        features: Compare these too, and not pixels alone: auto, classifier, inception, as `saddle evaluate` has them.
        weight: Of the features' mean squared difference, beside that of pixels.
        out: Where to write the picture.
    """
    import torch

    from saddlepoint.latent.invert import invert as find

    check_png("--out", out)
    model = load_latent(run, checkpoint, device)
    x = read_pictures(model, images).to(model.device)
    y = labels_for(model, label, len(x))
    compared = _features_of(run, features, model.device, offline) if features else None
    found = find(model, x, y, method=method, steps=steps, features=compared, weight=weight)
    write_wall(torch.cat([x.cpu(), found.x.cpu()]), out, columns=len(x))
    errors = {str(path): float(error) for path, error in zip(images, found.error, strict=True)}
    if as_json:
        print_json({"out": out, "error": errors})
        return
    for path, error in errors.items():
        print(f"{path}: mean squared error {error:.4g} of a number in [-1, 1]")
    print(out)


def _features_of(run: Path, name: str, device: torch.device, offline: bool) -> Callable[[Tensor], Tensor]:
    """Features for the data of a run, with gradients."""
    from saddlepoint import runs
    from saddlepoint.assembly import data_of
    from saddlepoint.metrics.choose import choose

    data = data_of(runs.manifest(run), offline=offline)
    return choose(name, data, device=device, offline=offline).extract
