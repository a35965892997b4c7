"""What every refusal has in common."""

from __future__ import annotations

import re
from pathlib import Path

from cli_support import Result


def refused(result: Result, named: str) -> None:
    assert result.status == 2, result.err
    assert result.out == ""
    assert "Traceback" not in result.err
    assert "errors.pydantic.dev" not in result.err
    assert len([line for line in result.err.splitlines() if line.startswith("saddle:")]) == 1
    said = result.err.splitlines()[-1]
    assert re.fullmatch(r"saddle: \S.*[.?)\w'\"]", said), said
    assert named in said


def everything(*folders: Path) -> dict[Path, bytes | None]:
    """Every file's content, and which folders and links there are."""
    paths = (path for folder in folders for path in folder.rglob("*"))
    return {path: path.read_bytes() if path.is_file() else None for path in paths}
