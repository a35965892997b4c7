"""`saddle complete`: held-out images whose lower part the model draws anew."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.types import NonNegativeInt

from saddlepoint.cli.common import Checkpoint, Count, Flag, Json, Offline, check_png, make_folder, print_json
from saddlepoint.cli.sample import Class, class_number


def complete(
    run: Path,
    /,
    *,
    n: Annotated[Count, Parameter(name="-n")] = 8,
    draws: Count = 6,
    rows: Count | None = None,
    seed: NonNegativeInt = 0,
    label: Class = None,
    reference: str | None = None,
    grid: Path | None = None,
    raw: Flag = False,
    checkpoint: Checkpoint = "latest",
    device: str = "auto",
    offline: Offline = False,
    as_json: Json = False,
) -> None:
    """Give a model the upper part of held-out images and let it draw the rest.

    For recipes that draw pixels in order. A row of the picture is one image: as
    it is, as it is given, then completed again and again.

    Example: saddle complete runs/pixel_cnn -n 6 --rows 14 --grid halves.png

    Args:
        run: The run's folder.
        n: How many images.
        draws: Completions of each.
        rows: Rows of pixels that are given; by default the upper half.
        seed: Seed of the draws.
        label: A class, by name or number, for recipes trained with labels; by default each image's own.
        reference: Complete images of this data instead of the run's own.
        grid: The picture to write; by default named after the run and the seed, in the current folder.
        raw: Use the weights as trained, not their running average.
        checkpoint: latest, best, or the number of images seen.
        device: cpu, cuda, cuda:1, mps; auto takes the fastest there is.
    """
    from saddlepoint import api, runs
    from saddlepoint.assembly import spec_of
    from saddlepoint.cli.display import watch
    from saddlepoint.files import save_png
    from saddlepoint.pictures import wall

    y = None if label is None else class_number(label, spec_of(runs.manifest(run)).classes)
    name = f"{run.resolve().name}-completed-seed{seed}" + (f"-class{y}" if y is not None else "")
    path = grid or Path(f"{name}.png")
    check_png("--grid", path)
    with watch() as reporter:
        x = api.complete(
            run,
            n=n,
            draws=draws,
            rows=rows,
            seed=seed,
            y=y,
            reference=reference,
            weights="raw" if raw else "average",
            checkpoint=checkpoint,
            device=device,
            offline=offline,
            reporter=reporter,
        )
    make_folder("--grid", path.parent)
    save_png(wall(x.flatten(0, 1), x.shape[1]), path)
    if as_json:
        print_json({"run": run, "n": len(x), "draws": draws, "rows": rows, "seed": seed, "class": y, "files": [path]})
    else:
        print(path)
