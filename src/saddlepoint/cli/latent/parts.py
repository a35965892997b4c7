"""`saddle latent traverse, mix`: one part of a latent at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from cyclopts.types import NonNegativeInt

from saddlepoint.cli.common import Count, Flag, check_png
from saddlepoint.cli.latent.shared import At, Class, Device, Seeds, draws, generate, load_latent, write_wall
from saddlepoint.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor


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


def mix(
    run: Path,
    /,
    *,
    take: Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative=())],
    rows: Seeds = (0, 1, 2, 3),
    columns: Seeds = (4, 5, 6, 7),
    label: Class = None,
    out: Path = Path("mixed.png"),
    checkpoint: At = "latest",
    device: Device = "auto",
) -> None:
    """Each sample of the rows with some parts of its latent from each sample of the columns.

    The first row and column show the samples themselves.

    Example: saddle latent mix runs/codes --take "category 0" --rows 1 2 3 --columns 4 5 6

    Args:
        run: The run's folder.
        take: The slices that come from the columns' samples, as `saddle latent slices` names them.
        rows: Seeds.
        columns: Seeds.
        out: Where to write the picture.
    """
    import torch

    from saddlepoint.latent.traverse import mix as mixed

    check_png("--out", out)
    model = load_latent(run, checkpoint, device)
    down, across = draws(model, rows), draws(model, columns)
    both = mixed(
        down.repeat_interleave(len(across), 0), across.repeat(len(down), 1), take, model.slices
    )  # (rows * columns, D)
    own, theirs, crossed = (generate(model, z, label) for z in (down, across, both))
    body = torch.cat([own[:, None], crossed.unflatten(0, (len(down), len(across)))], 1)
    head = torch.cat([torch.ones_like(own[:1]), theirs])
    write_wall(torch.cat([head, body.flatten(0, 1)]), out, columns=len(across) + 1)
    print(out)
