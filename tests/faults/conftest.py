from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest
import torch
from disks import Disk, MakeDisk, mounted


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch, cache: Path) -> Generator[None]:
    """Resuming is exact at equal threads; and nothing of these tests goes into the user's own cache."""
    monkeypatch.setenv("SADDLE_CACHE", str(cache))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def make_disk(tmp_path: Path) -> Generator[MakeDisk]:
    """Mounts a small disk at `tmp_path / "disk"`; skips where that is not allowed, and says so."""
    with ExitStack() as stack:

        def make(size: str) -> Disk:
            (tmp_path / "disk").mkdir()
            disk = stack.enter_context(mounted(tmp_path / "disk", size))
            if isinstance(disk, str):
                pytest.skip(disk)
            return disk

        yield make
