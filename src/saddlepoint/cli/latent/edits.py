"""`saddle latent arithmetic, directions, attribute, invert`: what can be changed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter
from cyclopts.types import NonNegativeInt

from saddlepoint.cli.common import Count, Json, Offline, check_png, print_json
from saddlepoint.cli.latent.shared import (
    At,
    Class,
    Device,
    Pictures,
    Seeds,
    draws,
    encode,
    encodes,
    generate,
    labels_for,
    load_latent,
    pictures_of,
    read_pictures,
    write_wall,
)
from saddlepoint.errors import UserError


def arithmetic(
    run: Path,
    /,
    *,
    a: Seeds,
    b: Seeds,
    c: Seeds,
    jitter: float = 0.25,
    label: Class = None,
    out: Path = Path("arithmetic.png"),
    checkpoint: At = "latest",
    device: Device = "auto",
) -> None:
    """The mean of A, less that of B, plus that of C: smiling woman - neutral woman + neutral man.

    The picture shows A, B and C with their means, a row each, and then the result in the middle of its neighbours.

    Example: saddle latent arithmetic runs/faces --a 3 17 24 --b 5 8 31 --c 2 40 41

    Args:
        run: The run's folder.
        a: Seeds of samples that have the attribute.
        b: Seeds of samples like those, without it.
        c: Seeds of samples that shall get it.
        jitter: How far the result's neighbours lie.
        out: Where to write the picture.
    """
    import torch

    from saddlepoint.latent.arithmetic import analogy, neighbours
    from saddlepoint.types import Noise

    check_png("--out", out)
    model = load_latent(run, checkpoint, device)
    if not len(a) == len(b) == len(c):
        raise UserError(f"--a, --b and --c take equally many seeds, and these are {len(a)}, {len(b)} and {len(c)}.")
    parts = [draws(model, seeds) for seeds in (a, b, c)]
    around = Noise("jitter", rows=8, device=model.device, draw_on="cpu")
    nine = neighbours(analogy(*parts), around, jitter)
    columns = max(len(a) + 1, 3)
    rows = [torch.cat([part, part.mean(0, keepdim=True)]) for part in parts] + [*nine.split(3)]
    x = [generate(model, z, label) for z in rows]
    blank = torch.ones(1, *model.spec.shape)
    filled = torch.cat([torch.cat([part, blank.expand(columns - len(part), *blank.shape[1:])]) for part in x])
    write_wall(filled, out, columns=columns)
    print(out)


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


def attribute(
    run: Path,
    /,
    *,
    data: str,
    has: Annotated[str, Parameter(name="--with")],
    lacks: Annotated[str, Parameter(name="--without")],
    n: Annotated[Count, Parameter(name="-n")] = 8,
    reach: float = 4.0,
    steps: Count = 7,
    out: Path = Path("attribute.png"),
    checkpoint: At = "latest",
    device: Device = "auto",
    offline: Offline = False,
) -> None:
    """Learn the direction that tells two classes of encoded pictures apart, and move held-out ones along it.

    Example: saddle latent attribute runs/faces --data faces/ --with smile --without nonsmile

    Args:
        run: The run's folder, of a model that encodes.
        data: Pictures with classes: a folder of class folders, or a known set.
        has: The class that has the attribute.
        lacks: The class without it.
        n: Held-out pictures to show, all without the attribute: a row for each.
        reach: How far a row goes, in standard deviations of the codes along the direction.
        steps: Pictures in a row.
        out: Where to write the picture.
    """
    import torch

    from saddlepoint.config import DataConfig, build
    from saddlepoint.data.load import load
    from saddlepoint.latent.arithmetic import learn_attribute

    check_png("--out", out)
    model: Any = load_latent(run, checkpoint, device)
    if not encodes(model) or model.spec.kind != "image":
        raise UserError(
            f"{run} is a {type(model).__name__}, which encodes no pictures: an attribute is learned from codes."
        )
    channels, height, width = model.spec.shape
    shape = build(DataConfig, {"size": f"{height}x{width}", "mode": {1: "grey", 3: "rgb", 4: "rgba"}[channels]})
    source = load(data, shape, offline=offline)
    chosen = [pictures_of(source, name) for name in (has, lacks)]
    codes = [encode(model, x) for x in chosen]
    both = torch.cat(codes)
    true = torch.arange(len(both)) < len(codes[0])
    order = torch.randperm(len(both), generator=torch.Generator().manual_seed(0))
    found = learn_attribute(both[order], true[order])
    print(
        f"{found.accuracy:.1%} of {found.held_out:,} held-out codes lie on the right side "
        f"(always naming the commoner class: {found.floor:.1%})"
    )
    spread = float((both @ found.vector).std())
    far = torch.linspace(0, reach, steps) * spread
    start = encode(model, pictures_of(source, lacks, split="test")[:n])
    if not len(start):
        raise UserError(f"{source.source} holds no test pictures of class {lacks!r} to show.")
    moved = (start[:, None] + far[:, None] * found.vector).flatten(0, 1)
    write_wall(generate(model, moved.to(model.device), None), out, columns=steps)
    print(out)


def invert(
    run: Path,
    images: Pictures,
    /,
    *,
    method: Literal["auto", "encoder", "optimise", "both"] = "auto",
    steps: Count = 300,
    label: Class = None,
    out: Path = Path("inverted.png"),
    checkpoint: At = "latest",
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Find latents that make given pictures; shows each above what its latent makes.

    Example: saddle latent invert runs/faces me.jpg you.png

    Args:
        run: The run's folder.
        images: Pictures; they are brought to the model's size and channels.
        method: auto takes an encoder where there is one, and then descends on the error; optimise descends only.
        steps: Steps of descent.
        out: Where to write the picture.
    """
    import torch

    from saddlepoint.latent.invert import invert as find

    check_png("--out", out)
    model = load_latent(run, checkpoint, device)
    x = read_pictures(model, images).to(model.device)
    found = find(model, x, labels_for(model, label, len(x)), method=method, steps=steps)
    write_wall(torch.cat([x.cpu(), found.x.cpu()]), out, columns=len(x))
    errors = {str(path): float(error) for path, error in zip(images, found.error, strict=True)}
    if as_json:
        print_json({"out": out, "error": errors})
        return
    for path, error in errors.items():
        print(f"{path}: mean squared error {error:.4g} of a number in [-1, 1]")
    print(out)
