"""What the lab's commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from saddlepoint.cli.common import make_folder

Frames = Annotated[int, Parameter(validator=Number(gt=0, lte=1000))]


def check(out: Path) -> None:
    """Refuse before the work what cannot be drawn after it."""
    from saddlepoint.lab import film

    film.check(out)
    make_folder("--out", out.parent)
