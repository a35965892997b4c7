"""Figures of a run, drawn with matplotlib (the extra `plot`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.errors import UserError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curves = Mapping[str, tuple[Sequence[int], Sequence[float]]]


def losses(run: Path) -> Path:
    """Every player's loss over the images seen, and below it whatever else the players logged.

    Returns the path of figures/losses.png in the run.

    Raises:
        UserError: the run has logged nothing yet, or matplotlib is not installed.
    """
    from saddlepoint import runs

    panels = by_term(runs.log(run))
    if not panels:
        raise UserError(f"{run} has logged no losses yet.")
    path = run / "figures" / "losses.png"
    path.parent.mkdir(exist_ok=True)
    _draw(panels, path)
    return path


def by_term(events: Sequence[Mapping[str, Any]]) -> dict[str, Curves]:
    """Log lines as curves: term -> player -> (images, values). "loss" comes first; gaps are left out."""
    panels: dict[str, dict[str, tuple[list[int], list[float]]]] = {}
    for line in events:
        for key, value in line.items():
            player, slash, term = key.partition("/")
            if slash and isinstance(value, float | int):
                images, values = panels.setdefault(term, {}).setdefault(player, ([], []))
                images.append(line["images"])
                values.append(value)
    return dict(sorted(panels.items(), key=lambda item: item[0] != "loss"))


def figure(width: float, height: float) -> Figure:
    """A figure of its own, not pyplot's: no display is needed and nothing global changes. Sides in inches.

    Raises:
        UserError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise UserError("Figures need matplotlib: pip install 'saddlepoint[plot]'") from None
    return Figure(figsize=(width, height), layout="constrained")


def _draw(panels: Mapping[str, Curves], path: Path) -> None:
    drawn = figure(8, 2.2 * len(panels))
    rows = drawn.subplots(len(panels), 1, sharex=True, squeeze=False)
    for (term, curves), row in zip(panels.items(), rows, strict=True):
        _panel(row[0], term, curves)
    rows[-1][0].set_xlabel("images seen")
    drawn.savefig(path, dpi=100)


def _panel(axes: Axes, term: str, curves: Curves) -> None:
    for player, (images, values) in curves.items():
        axes.plot(images, values, label=player, linewidth=1)
    axes.set_ylabel(term)
    axes.grid(alpha=0.3)
    axes.legend(loc="upper right", frameon=False)


def neighbours(run: Path, *, offline: bool = False) -> Path:
    """Samples beside the training images nearest to them, in pixels and in features: copies show at a glance.

    Returns the path of figures/neighbours.png in the run.

    Raises:
        UserError: no such run, its data is gone, or is not of images.
    """
    from saddlepoint import api, runs
    from saddlepoint.assembly import data_of
    from saddlepoint.files import save_png
    from saddlepoint.metrics.figure import neighbours_figure

    about = runs.manifest(run)
    data = data_of(about, offline=offline)
    picture = neighbours_figure(api.load(run), data, offline=offline)
    path = run / "figures" / "neighbours.png"
    path.parent.mkdir(exist_ok=True)
    save_png(picture, path)
    return path
