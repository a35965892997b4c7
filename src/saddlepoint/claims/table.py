"""docs/results.md from results/claims.csv."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from saddlepoint.claims.results import Row

COMPARED = ("FD", "KID", "precision", "recall", "density", "coverage")
"""Measures that every recipe has, by the head of their label."""

HEAD = """# Results

Made from `results/claims.csv` by `saddlepoint.claims.table.table`; every row of that file holds its whole protocol, and
`saddle reproduce NAME` makes it again. Numbers are means over seeds ± their standard deviation (where there are
several seeds). Samples are drawn from averaged weights, and compared with the test split. The floor is the measure of
real training images in the samples' place: what a perfect model would get. FD stands for a Frechet distance between
the features named in brackets; it is not FID, and says nothing beside other features.
"""


def table(rows: Sequence[Row]) -> str:
    """The page: a table for each data set and scale in which recipes compare, then each claim beside its paper."""
    sections = [HEAD]
    for data, scale in sorted({(row.data, row.scale) for row in rows}, key=lambda part: (part[1] != "quick", part[0])):
        of = [row for row in rows if (row.data, row.scale) == (data, scale)]
        sections.append(f"## {data}, {scale} scale\n\n{_budget(of)}\n\n{_compared(of)}")
    return "\n".join([*sections, f"## Beside the papers\n\n{_beside(rows)}"])


def _budget(rows: Sequence[Row]) -> str:
    hardware = " and ".join(sorted({row.hardware for row in rows}))
    precision = " and ".join(sorted({row.precision for row in rows}))
    return (
        f"Budgets are fixed in images; minutes are of CPU time in training (a busy core for a minute is one) on "
        f"{hardware}, {precision}."
    )


def _compared(rows: Sequence[Row]) -> str:
    labels = [label for head in COMPARED for label in _labels(rows, head)]
    lines = [["recipe", "images", "CPU minutes", "seeds", *labels], ["---", *["---:"] * (3 + len(labels))]]
    for recipe in sorted({row.recipe for row in rows}, key=lambda name: _order(rows, name, labels)):
        own = [row for row in rows if row.recipe == recipe]
        cpu = [row.cpu_minutes for row in own if row.measure in labels[:1] and row.cpu_minutes is not None]
        values = [_spread(row.value for row in own if row.measure == label) for label in labels]
        seeds = str(len({row.seed for row in own}))
        lines.append([recipe, f"{own[0].images:,}", _spread(cpu), seeds, *values])
    floors = [_mean(row.floor for row in rows if row.measure == label and row.floor is not None) for label in labels]
    return _markdown([*lines, ["*floor*", "", "", "", *floors]])


def _labels(rows: Sequence[Row], head: str) -> list[str]:
    return sorted({row.measure for row in rows if row.measure.partition("[")[0] == head})


def _order(rows: Sequence[Row], recipe: str, labels: Sequence[str]) -> float:
    """Best first, by the first measure."""
    values = [row.value for row in rows if row.recipe == recipe and row.measure in labels[:1]]
    return statistics.fmean(values) if values else float("inf")


def _beside(rows: Sequence[Row]) -> str:
    """What each claim measures besides the common table, the paper's own number, and why they do or do not compare."""
    lines = [["recipe", "data", "ours", "paper", "comparable"], ["---"] * 5]
    for recipe, data, scale in sorted({(row.recipe, row.data, row.scale) for row in rows}):
        own = [row for row in rows if (row.recipe, row.data, row.scale) == (recipe, data, scale)]
        wanted = [row.measure for row in own if row.measure.partition("[")[0] not in (*COMPARED, "classifier_score")]
        ours = [f"{label}: {_spread(r.value for r in own if r.measure == label)}" for label in dict.fromkeys(wanted)]
        paper = f"{own[0].paper_value}: {own[0].paper_measure}"
        named = f"{data}" + ("" if scale == "quick" else f", {scale}")
        lines.append([recipe, named, "; ".join(ours) or "as above", paper, own[0].comparable])
    return _markdown(lines)


def _spread(values: Iterable[float]) -> str:
    found = list(values)
    if not found:
        return ""
    mean = statistics.fmean(found)
    return _number(mean) + (f" ± {_number(statistics.stdev(found))}" if len(found) > 1 else "")


def _mean(values: Iterable[float]) -> str:
    found = list(values)
    return _number(statistics.fmean(found)) if found else ""


def _number(value: float) -> str:
    """Three significant digits, and no more places than that needs."""
    size = abs(value)
    return (
        f"{value:,.0f}"
        if size >= 100
        else f"{value:.1f}"
        if size >= 10
        else f"{value:.2f}"
        if size >= 1
        else f"{value:.3f}"
    )


def _markdown(lines: Sequence[Sequence[str]]) -> str:
    cells = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells) + "\n"
