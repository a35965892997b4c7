"""`saddle sample`: new pictures from a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.types import NonNegativeInt

from saddlepoint.cli.common import Checkpoint, Count, Flag, Json, check_png, make_folder, print_json
from saddlepoint.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

Samples = Annotated[Count, Parameter(name="-n")]
Class = Annotated[str | None, Parameter(name="--class")]


def sample(
    run: Path,
    /,
    *,
    n: Samples = 64,
    seed: NonNegativeInt = 0,
    label: Class = None,
    grid: Path | None = None,
    out: Path | None = None,
    raw: Flag = False,
    checkpoint: Checkpoint = "latest",
    device: str = "auto",
    as_json: Json = False,
) -> None:
    """Draw samples from a run: one picture of them all, or a file for each.

    The same seed gives the same samples on every device. Without --grid or --out
    one picture goes into the current folder, named after the run and the seed.

    Example: saddle sample runs/dcgan-digits -n 64 --seed 1 --grid digits.png

    Args:
        run: The run's folder.
        n: How many.
        seed: Seed of the draw.
        label: A class, by name or number, for recipes trained with labels; by default drawn at random.
        grid: Write one PNG of all samples side by side.
        out: Write one PNG for each sample into this folder, which must be new or empty.
        raw: Use the weights as trained, not their running average.
        checkpoint: latest, best, or the number of images seen.
        device: cpu, cuda, cuda:1, mps; auto takes the fastest there is.
    """
    from saddlepoint import api
    from saddlepoint.cli.display import watch

    if grid and out:
        raise UserError("Give --grid for one picture or --out for a folder of them, not both.")
    _check_target(grid, out)
    model = api.load(run, weights="raw" if raw else "average", checkpoint=checkpoint, device=device)
    y = None if label is None else class_number(label, model.spec.classes)
    with watch() as reporter:
        x = model.sample(n, seed=seed, y=y, progress=reporter.working)
    if not x.isfinite().all():
        raise UserError(
            f"The samples of {run} are not finite, so this model has diverged: try an earlier --checkpoint."
        )
    if out:
        files = _each(x, out)
    else:
        name = f"{run.resolve().name}-seed{seed}" + (f"-class{y}" if y is not None else "")
        files = [_wall(x, grid or Path(f"{name}.png"))]
    if as_json:
        print_json({"run": run, "n": n, "seed": seed, "class": y, "files": files})
    else:
        print(f"{n} samples in {out}" if out else files[0])


def _check_target(grid: Path | None, out: Path | None) -> None:
    """Refuse what cannot be written before the model is loaded."""
    if grid:
        check_png("--grid", grid)
    if out and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"--out {out} must be a new or empty folder.")


def class_number(label: str, classes: tuple[str, ...]) -> int:
    """A class by its name, which wins, or by its number."""
    if not classes:
        raise UserError(f"--class {label}: this model was trained without labels.")
    if label in classes:
        return classes.index(label)
    if label.isdecimal() and int(label) < len(classes):
        return int(label)
    raise UserError(f"There is no class {label!r}: classes are {', '.join(classes)}, or 0 to {len(classes) - 1}.")


def _wall(x: Tensor, path: Path) -> Path:
    from saddlepoint.files import save_png
    from saddlepoint.pictures import wall

    make_folder("--grid", path.parent)
    save_png(wall(x), path)
    return path


def _each(x: Tensor, folder: Path) -> list[Path]:
    from saddlepoint.files import save_png
    from saddlepoint.pictures import to_image, to_pixels

    if x.ndim != 4:
        raise UserError("--out writes pictures, and these samples are points: use --grid for a picture of them all.")
    make_folder("--out", folder)
    paths: list[Path] = []
    for i, pixels in enumerate(to_pixels(x)):
        paths.append(folder / f"{i:05}.png")
        save_png(to_image(pixels), paths[-1], durable=False)
    return paths
