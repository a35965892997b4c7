"""`saddle compare`: runs of the same data beside each other, in numbers and in pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from cyclopts.types import NonNegativeInt

from saddlepoint import catalogue
from saddlepoint.cli.common import Count, Json, check_png, console, make_folder, print_json
from saddlepoint.cli.taxonomy import answers
from saddlepoint.errors import UserError
from saddlepoint.metrics.number import number

if TYPE_CHECKING:
    from saddlepoint.report.compare import Comparison, Row

POINTS = 4096
"""Samples of points, which are shown as a density."""


def compare(
    *runs: Path,
    out: Path = Path("compare.png"),
    n: Annotated[Count, Parameter(name="-n")] = 8,
    seed: NonNegativeInt = 0,
    as_json: Json = False,
) -> None:
    """Put runs of the same data side by side: scores beside budgets, and samples at the same seed.

    Runs that differ in nothing but their seed count as one method and tell how much luck there
    is; a difference from the first run's method within that luck is marked so. Scores are those
    that `saddle evaluate` has kept.

    Example: saddle compare runs/dcgan runs/dcgan-2 runs/wgan_gp --out wall.png

    Args:
        runs: The runs' folders.
        out: The picture of samples, a PNG: a row for each run.
        n: Samples of each run in the picture.
        seed: Seed of those samples, the same for all.
    """
    from saddlepoint.report.compare import compare as read

    check_png("--out", out)
    found = read(runs)
    _wall(found.rows, out, n, seed)
    if as_json:
        print_json({**_plain(found), "picture": out})
        return
    _show(found)
    print(out)


def _wall(rows: Sequence[Row], out: Path, n: int, seed: int) -> None:
    from saddlepoint import api
    from saddlepoint.files import save_png
    from saddlepoint.report.wall import titled_wall

    drawn: list[tuple[str, Any]] = []
    for row in rows:
        model = api.load(row.run)
        x = model.sample(n if model.spec.kind == "image" else POINTS, seed=seed)
        if not x.isfinite().all():
            raise UserError(f"The samples of {row.run} are not finite, so this model has diverged: leave it out.")
        drawn.append((row.name, x))
    make_folder("--out", out.parent)
    save_png(titled_wall(drawn), out)


def _show(found: Comparison) -> None:
    from rich.table import Table
    from rich.text import Text

    out = console()
    features = {column.partition("[")[2] for column in found.columns if "[" in column}
    alike = len(features) == 1  # then they are said once, below
    heads = {column: column.partition("[")[0] if alike else column for column in found.columns}
    table = Table(box=None, pad_edge=False)
    table.add_column("", overflow="fold")
    for head in ("seed", "images", "minutes", *heads.values()):
        table.add_column(head, header_style="dim", justify="right")
    for method in found.methods:
        own = [row for row in found.rows if row.method == method]
        for row in own:
            took = "" if row.minutes is None else f"{row.minutes:.1f}"
            cells = [_cell(row, column) for column in found.columns]
            table.add_row(*map(Text, (row.name, str(row.seed), f"{row.images:,}", took, *cells)))
        if len({row.seed for row in own}) > 1:
            spreads = zip(*(spread(found.values(method, column)) for column in found.columns), strict=True)
            for what, line in zip(("mean", "sd"), spreads, strict=False):
                table.add_row(*map(Text, (f"{method}, {what}", "", "", "", *line)), style="bold")
    out.print(table)
    if alike:
        out.print(Text(f"features {features.pop().rstrip(']')}", "dim"))
    if not found.columns:
        out.print("No run has a score yet: `saddle evaluate RUN` measures one.")
    for sentence in verdicts(found, heads):
        out.print(Text(sentence))
    for method in found.methods:
        name = next(row.recipe for row in found.rows if row.method == method)
        out.print(Text(f"{method} answers: {', '.join(answers(catalogue.info(name)))}", "dim"))


def _cell(row: Row, column: str) -> str:
    """The value alone: its error is that of the samples, less than that of the seeds, and in --json."""
    score = row.scores.get(column)
    if score is None:
        return ""
    earlier = f" (at {score.images:,})" if score.images != row.images else ""
    return number(score.measured.value, score.measured.error).partition(" ± ")[0] + earlier


def spread(values: Mapping[int, float]) -> tuple[str, str]:
    """The mean over seeds, and their standard deviation."""
    if len(values) < 2:
        return "", ""
    mean, _, deviation = number(fmean(values.values()), stdev(values.values())).partition(" ± ")
    return mean, deviation


def verdicts(found: Comparison, heads: Mapping[str, str]) -> list[str]:
    """For each method the differences from the first one, by whether luck explains them."""
    told: list[str] = []
    for method, columns in found.differences.items():
        for verdict in dict.fromkeys(d.verdict for d in columns.values()):
            same = {column: d for column, d in columns.items() if d.verdict == verdict}
            parts = [
                f"{heads[c]} {d.value:+.3g}" + ("" if d.noise is None else f" (±{d.noise:.2g})")
                for c, d in same.items()
            ]
            told.append(f"{method} against {found.methods[0]}, {verdict}: {', '.join(parts)}.")
    if any(d.noise is None for columns in found.differences.values() for d in columns.values()):
        told.append(
            "Nothing is known of the noise between two methods of one seed each: train one of them again with --seed."
        )
    return told


def _plain(found: Comparison) -> dict[str, Any]:
    return {
        "data": found.data,
        "runs": [
            {
                **{key: getattr(row, key) for key in ("run", "method", "recipe", "seed", "images", "minutes")},
                "answers": answers(catalogue.info(row.recipe)),
                "scores": {c: {"images": s.images, **asdict(s.measured)} for c, s in row.scores.items()},
            }
            for row in found.rows
        ],
        "differences": [
            {"method": method, "against": found.methods[0], "score": column, **asdict(d), "verdict": d.verdict}
            for method, columns in found.differences.items()
            for column, d in columns.items()
        ],
    }
