"""What a run was trained on, at the shape that its model takes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from saddlepoint import assembly, runs
from saddlepoint.data.dataset import Data
from saddlepoint.errors import UserError


def data_of(run: Path) -> Data:
    """The data of a run's folder; the last two are kept.

    Raises:
        UserError: the data is gone, cannot be read, or is other data now.
    """
    return _read(run, (run / runs.MANIFEST).stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _read(run: Path, modified: int) -> Data:
    manifest = runs.manifest(run)
    data = assembly.data_of(manifest, offline=True)
    if data.fingerprint != manifest["data"]["fingerprint"]:
        raise UserError(f"{data.source} is not what {run.name} was trained on: its content has changed.")
    return data
