"""The table and the picture of docs/which_gan.md: all adversarial methods beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from saddlepoint import catalogue
from saddlepoint.claims.markdown import markdown, spread
from saddlepoint.claims.results import Row
from saddlepoint.pictures import GAP

GROUPS = ("objective", "network", "conditional", "inference", "ensemble", "semi-supervised", "moments")
"""Of the catalogue: what is compared."""
IMAGES = ("FD", "precision", "recall")
GRID = {"modes": "grid: modes of 25", "high_quality": "grid: within 3 σ", "reverse_kl": "grid: KL"}
ROWS = 8
"""Of pictures in each recipe's wall of samples, and how many of one are shown."""


def table(rows: Sequence[Row]) -> str:
    """A line for each method measured on MNIST, best distance first; its grid beside it, if it was played."""
    names = [name for name in catalogue.names() if catalogue.info(name).group in GROUPS]
    heads = ["method", "year", "takes labels", "seeds", *IMAGES, *GRID.values()]
    lines: list[tuple[float, list[str]]] = []
    for name in names:
        own = [row for row in rows if (row.recipe, row.data, row.scale) == (name, "mnist", "quick")]
        images = [[row.value for row in own if row.measure.partition("[")[0] == head] for head in IMAGES]
        if not images[0]:
            continue
        on_grid = [row for row in rows if (row.recipe, row.scale) == (name, "grid")]
        grid = [spread(row.value for row in on_grid if row.measure == measure) for measure in GRID]
        entry = catalogue.info(name)
        about = [f"[{name}](recipes/{name}.md)", str(entry.paper.year), "yes" if "conditional" in entry.can else ""]
        about.append(str(len(images[0])))
        lines.append((sum(images[0]) / len(images[0]), [*about, *map(spread, images), *grid]))
    return markdown([heads, ["---", "---:", "---", *["---:"] * (len(heads) - 3)], *(line for _, line in sorted(lines))])


def sheet(folder: Path, names: Sequence[str], side: int = 44) -> Image.Image:
    """The first row of each method's wall of MNIST samples in a folder, one below the other beside its name."""
    left = 120
    made = Image.new("L", (left + ROWS * side, len(names) * side), 255)
    pen = ImageDraw.Draw(made)
    for i, name in enumerate(names):
        pen.text((6, i * side + side // 2), name, fill=0, anchor="lm")
        with Image.open(folder / f"{name}.png") as wall:
            tile = (wall.height + GAP) // ROWS
            for k in range(ROWS):
                picture = wall.convert("L").crop((k * tile, 0, (k + 1) * tile - GAP, tile - GAP))
                made.paste(picture.resize((side - GAP, side - GAP), Image.Resampling.BOX), (left + k * side, i * side))
    return made
