"""`saddle reproduce`: a paper's claim, measured."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from cyclopts.types import PositiveInt

from saddlepoint.cli.common import Json, Offline, Recipe, console, print_json


def reproduce(
    name: Recipe,
    /,
    *,
    on: Literal["mnist", "cifar10"] = "mnist",
    data: str | None = None,
    scale: Literal["quick", "full"] = "quick",
    seeds: PositiveInt = 3,
    out: Path = Path("results/claims.csv"),
    images: Path = Path("docs/images"),
    device: str = "auto",
    offline: Offline = False,
    as_json: Json = False,
) -> None:
    """Train a recipe as its paper's claim asks, judge it, and keep the numbers.

    Each seed is trained, judged on the test split, and its rows appended with
    their whole protocol. Runs are kept under runs/reproduce: what was stopped
    goes on when started again.

    Example: saddle reproduce dcgan --on mnist --seeds 3

    Args:
        name: A recipe; `saddle ls` lists them.
        on: The data set of the claim.
        data: Where that set already is, or another in its place, which the rows then name.
        scale: quick takes minutes of CPU a seed; full is the paper's own size, for a GPU.
        seeds: Train once for each of the seeds 0, 1, ...
        out: File of rows; a number measured again replaces the old one.
        images: Folder for a picture of seed 0's samples.
        device: cpu, cuda, cuda:1, mps; auto takes the fastest there is.
    """
    from rich.table import Table
    from rich.text import Text

    from saddlepoint.claims.claim import find
    from saddlepoint.claims.reproduce import reproduce
    from saddlepoint.cli.display import watch
    from saddlepoint.cli.evaluate import number

    claim = find(name)
    with watch() as reporter:
        rows = reproduce(
            claim,
            on=on,
            data=data,
            scale=scale,
            seeds=range(seeds),
            out=out,
            images=images,
            device=device,
            offline=offline,
            reporter=reporter,
        )
    if as_json:
        print_json([vars(row) for row in rows])
        return
    table = Table(box=None, pad_edge=False)
    for title in ("seed", "measure", "value", "floor"):
        table.add_column(title, header_style="dim", justify="left" if title == "measure" else "right")
    for row in rows:
        floor = "" if row.floor is None else number(row.floor, None)
        table.add_row(str(row.seed), Text(row.measure), number(row.value, row.error), floor)
    terminal = console()
    terminal.print(table)
    terminal.print(Text(f"Paper: {claim.statement}"))
    for row in rows[:1]:
        terminal.print(Text(f"Its number: {row.paper_value}, {row.paper_measure}. Comparable: {row.comparable}."))
    terminal.print(Text(f"Gap: {claim.gap}", style="dim"))
    print(out)
