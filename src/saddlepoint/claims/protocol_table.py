"""The section of docs/results.md for one protocol."""

from __future__ import annotations

import math
from collections.abc import Sequence

from saddlepoint.claims.markdown import markdown, mean, spread
from saddlepoint.claims.results import Row

PAGES = {
    "likelihood": ("likelihood.md", "test images"),
    "semi_supervised": ("few_labels.md", "test images"),
    "tips": ("what_helps.md", "samples"),
}
"""Protocols that another page than truth.md explains, and what they count."""


def compared_by(rows: Sequence[Row]) -> str:
    """A protocol: a line for each recipe, a column for each measure that any of them has."""
    labels = list(dict.fromkeys(row.measure for row in rows))
    lines = [["recipe", "seeds", "CPU minutes", *labels], ["---", *["---:"] * (2 + len(labels))]]
    for recipe in sorted({row.recipe for row in rows}):
        own = [row for row in rows if row.recipe == recipe]
        cpu = {row.seed: row.cpu_minutes for row in own if row.cpu_minutes is not None}
        values = [_measured([row for row in own if row.measure == label]) for label in labels]
        lines.append([recipe, str(len({row.seed for row in own})), spread(cpu.values()), *values])
    floors = [mean(row.floor for row in rows if row.measure == label and row.floor is not None) for label in labels]
    if any(floors):
        lines.append(["*floor*", "", "", *floors])
    first = rows[0]
    page, judged = PAGES.get(first.scale.split()[0], ("truth.md", "samples"))
    counted = " and ".join(sorted({f"{row.n:,} {judged}" for row in rows if row.n}))
    errors = "; in brackets the standard error over them" if any(_alone(rows, row) for row in rows) else ""
    return (
        f"## {first.scale}: {first.data}\n\n{first.claim} {counted}{errors}{', ' if counted else ''}trained in "
        f"{_trained(rows)}: `{first.command}`, see [{page.removesuffix('.md')}]({page}). "
        f"Published: {first.paper_value} ({first.paper_measure}).\n\n{markdown(lines)}"
    )


def _trained(rows: Sequence[Row]) -> str:
    """The precision and the machine, and who had which where there were several."""
    where: dict[str, set[str]] = {}
    for row in rows:
        where.setdefault(f"{row.precision} on {row.hardware}", set()).add(row.recipe)
    if len(where) == 1:
        return next(iter(where))
    return " and ".join(f"{name} ({', '.join(sorted(recipes))})" for name, recipes in sorted(where.items()))


def _alone(rows: Sequence[Row], row: Row) -> bool:
    """Whether a number has a standard error and no other seed beside it."""
    return (
        row.error is not None and sum((other.recipe, other.measure) == (row.recipe, row.measure) for other in rows) == 1
    )


def _measured(rows: Sequence[Row]) -> str:
    """The mean over seeds; a lone number has as many digits as its standard error allows, and that in brackets."""
    if not rows or not _alone(rows, rows[0]):
        return spread(row.value for row in rows)
    value, error = rows[0].value, rows[0].error
    assert error is not None
    digits = max(0, 1 - math.floor(math.log10(error))) if error else 2
    return f"{value:,.{digits}f} ({error:.{digits}f})"
