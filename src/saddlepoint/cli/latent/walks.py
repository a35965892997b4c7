"""`saddle latent wall, slices, interpolate, traverse, truncate`: where samples lie."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

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
from saddlepoint.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor


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


def traverse(
    run: Path,
    /,
    *,
    dimensions: Seeds = (),
    manifold: Flag = False,
    category: str | None = None,
    classes: Flag = False,
    seed: NonNegativeInt = 0,
    steps: Count = 9,
    label: Class = None,
    out: Path = Path("traverse.png"),
    checkpoint: At = "latest",
    device: Device = "auto",
) -> None:
    """Change one number of a latent at a time, over the middle 95% of its prior: a row for each.

    Example: saddle latent traverse runs/digits --dimensions 0 1 2

    Args:
        run: The run's folder.
        dimensions: Which numbers; by default the first ten.
        manifold: A map of two numbers instead, in equal steps of probability.
        classes: A row for each of some latents with every class, for conditional models.
        category: A row for each of some latents, with every value of this category, as `saddle latent slices` names it.
        seed: The latent that is changed.
        steps: Pictures in a row.
        out: Where to write the picture.
    """
    import torch

    from saddlepoint.latent import traverse as tools

    check_png("--out", out)
    model = load_latent(run, checkpoint, device)
    z, several = draws(model, [seed]), draws(model, range(seed, seed + 8))
    if classes:
        write_wall(_with_every_class(model, several), out, columns=len(model.spec.classes))
        print(out)
        return
    if category is not None:
        made = tools.categories(several, category, model.slices)
        columns = len(made) // len(several)
    elif manifold:
        chosen = dimensions or (0, 1)
        if len(chosen) != 2:
            raise UserError(f"--manifold is a map of two dimensions, and these are {len(chosen)}.")
        made, columns = tools.manifold(z[0], (chosen[0], chosen[1]), model.slices, steps), steps
    else:
        chosen = dimensions or tuple(range(min(10, z.shape[1])))
        made, columns = torch.cat([tools.along(z[0], d, model.slices, steps) for d in chosen]), steps
    write_wall(generate(model, made, label), out, columns=columns)
    print(out)


def _with_every_class(model: Any, z: Tensor) -> Tensor:
    """Samples of latents (N, D), each with every class in turn: (N * classes, *shape)."""
    import torch

    if not model.conditional:
        raise UserError(f"--classes: {type(model).__name__} takes no class; a code it found itself is a --category.")
    made = [generate(model, z, str(label)) for label in range(len(model.spec.classes))]
    return torch.stack(made, 1).flatten(0, 1)


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
