"""`saddle explore`: look at runs and play with their models in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

Port = Annotated[int | None, Parameter(validator=Number(gte=0, lte=65535))]


def explore(runs_dir: Path = Path("runs"), /, *, host: str | None = None, port: Port = None) -> None:
    """Open a folder of runs in the browser: watch trainings, generate, compare.

    It answers on this machine only, unless --host is given; then the address that it
    prints holds a token, without which nobody is answered.

    Example: saddle explore runs

    Args:
        runs_dir: The folder of the runs.
        host: Address to answer on, for other machines too: 0.0.0.0 for all there are.
        port: By default 8000, or any that is free if that is taken.
    """
    from saddlepoint.web.server import serve

    serve(runs_dir, host=host, port=port)
