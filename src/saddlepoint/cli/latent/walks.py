"""`saddle latent wall, slices, interpolate, truncate`: where samples lie."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter
from cyclopts.types import NonNegativeInt

from saddlepoint.cli.common import Count, Flag, Json, check_png, make_folder, print_json
from saddlepoint.cli.latent.shared import (
    At,
    Class,
    Device,
    Pictures,
    Seeds,
    draws,
    encoded,
    generate,
    load_latent,
    write_wall,
)


def wall(
    run: Path,
    /,
    *,
    n: Annotated[Count, Parameter(name="-n")] = 64,
    first: NonNegativeInt = 0,
    label: Class = None,
    out: Path = Path("wall.png"),
    checkpoint: At = "latest",
    device: Device = "auto",
) -> None:
    """Samples of the seeds 0, 1, 2, ..., in rows of ten, to pick from.

    Example: saddle latent wall runs/faces -n 60 --out faces.png

    Args:
        run: The run's folder.
        n: How many.
        first: The seed to begin with.
        out: Where to write the picture.
    """
    check_png("--out", out)
    model = load_latent(run, checkpoint, device)
    write_wall(generate(model, draws(model, range(first, first + n)), label), out, columns=10)
    print(out)


def slices(run: Path, /, *, checkpoint: At = "latest", as_json: Json = False) -> None:
    """What a model's latent consists of.

    Example: saddle latent slices runs/codes

    Args:
        run: The run's folder.
    """
    model = load_latent(run, checkpoint, "cpu")
    start, lines = 0, list[dict[str, Any]]()
    for part in model.slices:
        lines.append({"name": part.name, "first": start, "last": start + part.size - 1, "prior": part.prior})
        start += part.size
    if as_json:
        print_json(lines)
        return
    for line in lines:
        print(f"{line['name']:<12} dimensions {line['first']} to {line['last']}, {line['prior']}")


def interpolate(
    run: Path,
    /,
    *,
    seeds: Seeds = (0, 1, 2, 3),
    images: Pictures = (),
    how: Literal["auto", "linear", "spherical", "matched"] = "auto",
    frames: Count = 33,
    loop: Flag = False,
    label: Class = None,
    out: Path = Path("interpolation.png"),
    checkpoint: At = "latest",
    device: Device = "auto",
) -> None:
    """Go from sample to sample, or from picture to picture: a strip (.png) or a film (.gif, .mp4).

    Example: saddle latent interpolate runs/faces --seeds 3 14 15 --out walk.gif

    Args:
        run: The run's folder.
        seeds: Samples to pass through; `saddle latent wall` shows which seed is which.
        images: Pictures to pass through instead, for models that encode.
        how: auto goes by the prior; linear; spherical keeps the norm; matched keeps the prior's distribution.
        frames: How many pictures the way has.
        loop: Come back to the first.
        out: Where to write it.
    """
    from saddlepoint import film
    from saddlepoint.latent.paths import through
    from saddlepoint.pictures import wall

    film.check(out)
    model = load_latent(run, checkpoint, device)
    keys = encoded(model, images) if images else draws(model, seeds)
    z = through(keys, frames, model.slices, how, loop=loop)
    x = generate(model, z, label)
    if out.suffix.lower() == ".png":
        write_wall(x, out, columns=frames // 3 if frames % 3 == 0 and frames > 12 else frames)
    else:
        make_folder("--out", out.parent)
        film.write(lambda i: wall(x[i : i + 1]).convert("RGB"), frames, out)
    print(out)


def truncate(
    run: Path,
    /,
    *,
    psi: Annotated[tuple[float, ...], Parameter(consume_multiple=True, negative=())] = (1.0, 0.7, 0.5, 0.3, 0.0),
    seed: NonNegativeInt = 0,
    n: Annotated[Count, Parameter(name="-n")] = 8,
    label: Class = None,
    out: Path = Path("truncated.png"),
    checkpoint: At = "latest",
    device: Device = "auto",
) -> None:
    """Draw latents towards their mean, for samples that are more typical and less varied: a row for each psi.

    Example: saddle latent truncate runs/faces --psi 1 0.7 0.4

    Args:
        run: The run's folder.
        psi: 1 leaves a latent as it is, 0 is the mean.
        seed: The first of the latents' seeds.
        n: Pictures in a row.
        out: Where to write the picture.
    """
    import torch

    from saddlepoint.latent.truncate import mean_latent
    from saddlepoint.latent.truncate import truncate as towards

    check_png("--out", out)
    model = load_latent(run, checkpoint, device)
    z, mean = draws(model, range(seed, seed + n)), mean_latent(model)
    write_wall(generate(model, torch.cat([towards(z, p, mean, model.slices) for p in psi]), label), out, columns=n)
    print(out)
