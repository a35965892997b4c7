"""What commands share: flags that mean the same everywhere, and how results are printed."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from saddlepoint import catalogue
from saddlepoint.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

Flag = Annotated[bool, Parameter(show_default=False)]
Json = Annotated[bool, Parameter(name="--json", show_default=False, help="Print JSON, for programs.")]
Offline = Annotated[bool, Parameter(show_default=False, help="Never download; use what is on disk.")]
Count = Annotated[int, Parameter(validator=Number(gt=0, lte=10_000_000))]
Recipe = Annotated[str, Parameter(completer=lambda _: catalogue.names())]
Checkpoint = Literal["latest", "best"] | int


def print_json(value: Any) -> None:
    """JSON on stdout; paths become text, and numbers that are not finite null, for JSON has none."""
    print(json.dumps(_plain(value), indent=2, default=str, allow_nan=False))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def console(*, stderr: bool = False) -> Console:
    """Where tables go. Piped into a file or another program, lines are not cut at a terminal's 80 columns."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else 120
    return Console(stderr=stderr, width=width, highlight=False)


def check_png(flag: str, path: Path) -> None:
    """Refuse a picture's path that no PNG can be written to, before the work rather than after it."""
    if path.suffix.lower() != ".png" or path.is_dir():
        raise UserError(f"{flag} {path} must be a file that ends in .png.")


def make_folder(flag: str, folder: Path) -> None:
    """The folder that an output goes into, with its parents.

    Raises:
        UserError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{flag}: the folder {folder} cannot be made ({error.strerror}).") from None
