"""A drawing that changes, as a picture of its end (PNG) or a film of its course (GIF, MP4)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from saddlepoint import film
from saddlepoint.figures import figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def check(path: Path) -> None:
    """Refuse, before any work, a path that no film can be written to.

    Raises:
        UserError: as `saddlepoint.film.check`; or matplotlib is missing.
    """
    film.check(path)
    figure(1, 1)


def write(draw: Callable[[int], Figure], frames: int, path: Path, *, dpi: int = 80, fps: int = 12) -> Path:
    """Write frames 0, 1, ... that `draw` makes, or for a PNG the last alone.

    Raises:
        UserError: as `check`.
    """
    check(path)
    return film.write(lambda i: _pixels(draw(i), dpi), frames, path, fps=fps)


def _pixels(drawn: Figure, dpi: int) -> Image.Image:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    drawn.set_dpi(dpi)
    canvas = FigureCanvasAgg(drawn)
    canvas.draw()
    return Image.frombytes("RGBA", canvas.get_width_height(), bytes(canvas.buffer_rgba())).convert("RGB")
