"""`saddle explore`: look at runs and play with their models in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

Port = Annotated[int | None, Parameter(validator=Number(gte=0, lte=65535))]


def explore(
    runs_dir: Path = Path("runs"),
    /,
    *,
    data: list[Path] | None = None,
    host: str | None = None,
    port: Port = None,
) -> None:
    """Open a folder of runs in the browser: train, watch, generate, compare.

    What trains goes on when the page, or this command, ends.

    It answers on this machine only, unless --host is given; then the address that it
    prints holds a token, without which nobody is answered.

    Example: saddle explore runs --data photos/

    Args:
        runs_dir: The folder of the runs.
        data: A folder or file to offer for new runs, beside the known sets; may be given several times.
        host: Address to answer on, for other machines too: 0.0.0.0 for all there are.
        port: By default 8000, or any that is free if that is taken.
    """
    from saddlepoint.web.server import serve

    serve(runs_dir, data=data or (), host=host, port=port)
