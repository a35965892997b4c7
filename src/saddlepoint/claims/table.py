"""docs/results.md from results/claims.csv."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from saddlepoint.claims.markdown import markdown, mean, spread
from saddlepoint.claims.protocol_table import compared_by
from saddlepoint.claims.results import Row

COMPARED = ("FD", "KID", "precision", "recall", "density", "coverage")
"""Measures that every recipe has, by the head of their label."""

HEAD = """# Results

Made from `results/claims.csv` by `saddlepoint.claims.table.table`; every row of that file holds its whole protocol, and
`saddle reproduce NAME` makes it again. Numbers are means over seeds ± their standard deviation (where there are
several seeds). Samples are drawn from averaged weights. The floor is the measure of real training images in the
samples' place: what a perfect model would get. FD is a Frechet distance between the features that each table names; it
is not FID, and says nothing beside other features. Pictures of the samples, of seed 0, are in `docs/images`.

Quick scale shows that a recipe learns; it does not rank methods. Its settings come from a few short pilots, not
from equal tuning; dcgan's batch and r3gan's learning rate were chosen after seeing a test score of seed 0. A minute of
CPU is not what any of these papers had in mind. Read no column alone: a
model that makes one good image of each class has a low FD, and a recall of 0.
"""


def table(rows: Sequence[Row]) -> str:
    """The page: a table for each data set and scale in which recipes compare, then each claim beside its paper, then
    each protocol. What was measured in tuning is in the file only."""
    protocols = [row for row in rows if row.scale not in ("quick", "full")]
    rows = [row for row in rows if row.scale in ("quick", "full")]
    sections = [HEAD]
    for data, scale in sorted(
        {(_data(row), row.scale) for row in rows}, key=lambda part: (part[1] != "quick", part[0])
    ):
        of = [row for row in rows if (_data(row), row.scale) == (data, scale)]
        labels = [label for head in COMPARED for label in _labels(of, head)]
        counts = sorted({row.n or 0 for row in of if row.measure in labels}, reverse=True)
        for n in counts:  # distances of as many samples alone compare
            part = [row for row in of if row.measure in labels and (row.n or 0) == n]
            title = f"## {data}, {scale} scale" + (f", {n:,} samples" if n != counts[0] else "")
            sections.append(f"{title}\n\n{_protocol(part, labels)}\n\n{_compared(part, labels)}")
    sections.append(f"## Beside the papers\n\n{_beside(rows)}")
    for scale, data in sorted({(row.scale, row.data) for row in protocols if not row.scale.endswith("tuning")}):
        sections.append(compared_by([row for row in protocols if (row.scale, row.data) == (scale, data)]))
    return "\n".join(sections)


def _protocol(rows: Sequence[Row], labels: Sequence[str]) -> str:
    """What the rows of one table share."""
    features = " and ".join(sorted({label.partition("[")[2].rstrip("]") for label in labels}))
    of, hardware, precision, n = (
        " and ".join(sorted({str(row.__dict__[key]) for row in rows if row.measure in labels}))
        for key in ("reference", "hardware", "precision", "n")
    )
    return (
        f"{n} samples against the {of} split, features {features}; trained in {precision} on {hardware}. Budgets are "
        "fixed in images and chosen so that recipes take about the same time, here in minutes of one busy core."
    )


def _compared(rows: Sequence[Row], labels: Sequence[str]) -> str:
    alike = len({label.partition("[")[2] for label in labels}) == 1
    heads = [label.partition("[")[0] if alike else label for label in labels]
    lines = [["recipe", "images", "CPU minutes", "seeds", *heads], ["---", *["---:"] * (3 + len(labels))]]
    trainings = sorted({row.training for row in rows}, key=lambda key: _order(rows, key, labels))
    for training in trainings:
        own = [row for row in rows if row.training == training]
        several = sum(other[0] == training[0] for other in trainings) > 1
        name = f"{own[0].recipe} ({own[0].config})" if several else own[0].recipe
        cpu = [row.cpu_minutes for row in own if row.measure in labels[:1] and row.cpu_minutes is not None]
        values = [spread(row.value for row in own if row.measure == label) for label in labels]
        seeds = str(len({row.seed for row in own}))
        lines.append([name, f"{own[0].images:,}", spread(cpu), seeds, *values])
    floors = [mean(row.floor for row in rows if row.measure == label and row.floor is not None) for label in labels]
    return markdown([*lines, ["*floor*", "", "", "", *floors]])


def _data(row: Row) -> str:
    """What was learned: black and white pixels are other data than grey ones, and no distance spans both."""
    made = [option for option in row.options.split() if option.startswith("binarise=")]
    return ", ".join([row.data, *made])


def _labels(rows: Sequence[Row], head: str) -> list[str]:
    return sorted({row.measure for row in rows if row.measure.partition("[")[0] == head})


def _order(rows: Sequence[Row], training: tuple[object, ...], labels: Sequence[str]) -> float:
    """Best first, by the first measure."""
    values = [row.value for row in rows if row.training == training and row.measure in labels[:1]]
    return statistics.fmean(values) if values else float("inf")


def _beside(rows: Sequence[Row]) -> str:
    """What each claim measures besides the common table, the paper's own number, and why they do or do not compare."""
    lines = [["recipe", "data", "ours", "paper", "comparable"], ["---"] * 5]
    for recipe, data, scale, *training in sorted({(row.recipe, row.data, row.scale, *row.training) for row in rows}):
        own = [row for row in rows if (row.data, row.scale, *row.training) == (data, scale, *training)]
        wanted = [row.measure for row in own if row.measure.partition("[")[0] not in COMPARED]
        ours = [f"{label}: {spread(r.value for r in own if r.measure == label)}" for label in dict.fromkeys(wanted)]
        paper = f"{own[0].paper_value}: {own[0].paper_measure}"
        named = f"{data}" + ("" if scale == "quick" else f", {scale}")
        lines.append([recipe, named, "; ".join(ours) or "as above", paper, own[0].comparable])
    return markdown(lines)
