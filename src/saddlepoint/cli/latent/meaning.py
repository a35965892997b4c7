"""`saddle latent arithmetic, attribute`: changes that have a name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from saddlepoint.cli.common import Count, Offline, check_png
from saddlepoint.cli.latent.shared import (
    At,
    Class,
    Device,
    draws,
    encode,
    encoded,
    encodes,
    generate,
    load_latent,
    pictures_of,
    write_wall,
)
from saddlepoint.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

    from saddlepoint.data.dataset import Data

Examples = Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative=())]
SHOWN = 3  # examples of a class


def arithmetic(
    run: Path,
    /,
    *,
    a: Examples,
    b: Examples,
    c: Examples,
    data: str | None = None,
    jitter: float = 0.25,
    label: Class = None,
    out: Path = Path("arithmetic.png"),
    checkpoint: At = "latest",
    device: Device = "auto",
    offline: Offline = False,
) -> None:
    """The mean of A, less that of B, plus that of C: smiling woman - neutral woman + neutral man.

    A, B and C are seeds (`saddle latent wall` shows them), pictures, or with --data classes; the last two for models
    that encode. The picture shows examples of each with their mean, and then the result amid its neighbours.

    Example: saddle latent arithmetic runs/faces --a 3 17 24 --b 5 8 31 --c 2 40 41
    Example: saddle latent arithmetic runs/faces --a glasses --b plain --c me.jpg --data faces/

    Args:
        run: The run's folder.
        a: What has the attribute.
        b: What is like those, without it.
        c: What shall get it.
        data: Pictures with classes, of which A, B and C may then be names.
        jitter: How far the result's neighbours lie.
        out: Where to write the picture.
    """
    import torch

    from saddlepoint.latent.arithmetic import analogy, neighbours
    from saddlepoint.types import Noise

    check_png("--out", out)
    model = load_latent(run, checkpoint, device)
    source = None if data is None else _classes_for(model, run, data, offline)
    parts = [_latents(model, named, source) for named in (a, b, c)]
    around = Noise("jitter", rows=8, device=model.device, draw_on="cpu")
    nine = neighbours(analogy(*parts), around, jitter)
    named = max(len(examples) for examples in (a, b, c))
    shown = max(named, SHOWN) if source else named
    columns = max(shown + 1, 3)
    rows = [torch.cat([part[:shown], part.mean(0, keepdim=True)]) for part in parts] + [*nine.split(3)]
    x = [generate(model, z, label) for z in rows]
    blank = torch.ones(1, *model.spec.shape)
    filled = torch.cat([torch.cat([part, blank.expand(columns - len(part), *blank.shape[1:])]) for part in x])
    write_wall(filled, out, columns=columns)
    print(out)


def _latents(model: Any, named: tuple[str, ...], source: Data | None) -> Tensor:
    """The latents of seeds, of pictures, or of all examples of classes: (N, D)."""
    import torch

    parts: list[Tensor] = []
    for name in named:
        if source and name in source.spec.classes:
            parts.append(encode(model, pictures_of(source, name)).to(model.device))
        elif not source and name.isdecimal():
            parts.append(draws(model, [int(name)]))
        else:
            if source and not Path(name).exists():
                raise UserError(f"{name!r} is neither a class of {source.source} nor a picture.")
            parts.append(encoded(model, [Path(name)]))
    if not parts:
        raise UserError("--a, --b and --c each take a seed or more, pictures, or with --data classes.")
    return torch.cat(parts)


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

    from saddlepoint.latent.arithmetic import learn_attribute

    check_png("--out", out)
    model: Any = load_latent(run, checkpoint, device)
    source = _classes_for(model, run, data, offline)
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


def _classes_for(model: Any, run: Path, data: str, offline: bool) -> Data:
    """Pictures with classes, as the model takes them."""
    from saddlepoint.config import DataConfig, build
    from saddlepoint.data.load import load

    if not encodes(model) or model.spec.kind != "image":
        raise UserError(f"{run} is a {type(model).__name__}, which encodes no pictures: a class is known by its codes.")
    channels, height, width = model.spec.shape
    mode = {1: "grey", 3: "rgb", 4: "rgba"}[channels]
    source = load(data, build(DataConfig, {"size": f"{height}x{width}", "mode": mode}), offline=offline)
    if not source.spec.classes:
        raise UserError(f"--data {data} has no classes: a folder of class folders has.")
    return source
