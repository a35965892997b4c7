"""`saddle reproduce`: a paper's claim, or a protocol that compares recipes, measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from cyclopts.types import PositiveInt

from saddlepoint import catalogue
from saddlepoint.claims import PROTOCOLS
from saddlepoint.cli.common import Json, Offline, console, print_json

if TYPE_CHECKING:
    from saddlepoint.claims.results import Row

Name = Annotated[str, Parameter(completer=lambda _: [*catalogue.names(), *PROTOCOLS])]
Recipes = Annotated[list[str] | None, Parameter(consume_multiple=True, completer=lambda _: catalogue.names())]


def reproduce(
    name: Name,
    /,
    *,
    on: Literal["mnist", "cifar10"] = "mnist",
    recipes: Recipes = None,
    data: str | None = None,
    scale: Literal["quick", "full"] = "quick",
    seeds: PositiveInt | None = None,
    out: Path = Path("results/claims.csv"),
    images: Path = Path("docs/images"),
    device: str = "auto",
    offline: Offline = False,
    as_json: Json = False,
) -> None:
    """Train a recipe as its paper's claim asks, judge it, and keep the numbers.

    Each seed is trained, judged on the test split, and its rows appended with
    their whole protocol. Runs are kept under runs/reproduce: what was stopped
    goes on when started again. grid, stacked and one_dimension compare several
    recipes on data whose distribution is known; likelihood compares them by the
    nats of binary images, semi_supervised by what they learn from few labels; tips
    compares dcgan with itself, one piece of training folklore at a time.

    Example: saddle reproduce dcgan --on mnist --seeds 3

    Args:
        name: A recipe (`saddle ls` lists them), or grid, stacked, one_dimension, tips, likelihood
            or semi_supervised.
        on: The data set of a recipe's claim.
        recipes: Of those that a protocol compares, only these.
        data: Where that set already is, or another in its place, which the rows then name.
        scale: quick takes minutes of CPU a seed; full is the paper's own size, for a GPU.
        seeds: Train once for each of the seeds 0, 1, ...; by default 3, or what the protocol asks for.
        out: File of rows; a number measured again replaces the old one.
        images: Folder for a picture of seed 0's samples.
        device: cpu, cuda, cuda:1, mps; auto takes the fastest there is.
    """
    from saddlepoint.claims import claim, protocol
    from saddlepoint.claims.reproduce import reproduce
    from saddlepoint.cli.display import watch
    from saddlepoint.errors import UserError

    if name in PROTOCOLS:
        compared = protocol.find(name)
        chosen = None if seeds is None else range(seeds)
        with watch() as reporter:
            rows = protocol.run(
                compared,
                recipes=recipes or (),
                data=data,
                scale=scale,
                seeds=chosen,
                out=out,
                device=device,
                offline=offline,
                reporter=reporter,
            )
        _tell(rows, compared.statement, compared.gap, out, as_json, ("recipe", "seed"))
        return
    if recipes:
        raise UserError(f"--recipes {' '.join(recipes)}: {name} is one recipe; {', '.join(PROTOCOLS)} compare several.")
    found = claim.find(name)
    with watch() as reporter:
        rows = reproduce(
            found,
            on=on,
            data=data,
            scale=scale,
            seeds=range(seeds or 3),
            out=out,
            images=images,
            device=device,
            offline=offline,
            reporter=reporter,
        )
    _tell(rows, found.statement, found.gap, out, as_json, ("seed",))


def _tell(rows: Sequence[Row], statement: str, gap: str, out: Path, as_json: bool, heads: Iterable[str]) -> None:
    """A line for each number, then what the paper says."""
    from rich.table import Table
    from rich.text import Text

    from saddlepoint.cli.evaluate import number

    if as_json:
        print_json([vars(row) for row in rows])
        return
    table = Table(box=None, pad_edge=False)
    for title in (*heads, "measure", "value", "floor"):
        table.add_column(title, header_style="dim", justify="left" if title in ("recipe", "measure") else "right")
    for row in rows:
        floor = "" if row.floor is None else number(row.floor, None)
        keys = [str(getattr(row, head)) for head in heads]
        table.add_row(*keys, Text(row.measure), number(row.value, row.error), floor)
    terminal = console()
    terminal.print(table)
    terminal.print(Text(f"Paper: {statement}"))
    for row in rows[:1]:
        terminal.print(Text(f"Its number: {row.paper_value}, {row.paper_measure}. Comparable: {row.comparable}."))
    terminal.print(Text(f"Gap: {gap}", style="dim"))
    print(out)
