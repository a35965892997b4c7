"""A real explorer in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def explorer(root: Path, cache: Path) -> Iterator[str]:
    """The address of `saddle explore` on a folder of runs."""
    environment = {**os.environ, "SADDLE_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "saddlepoint", "explore", str(root), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stdout is not None
        said = server.stdout.readline()
        try:
            address = re.search(r"http://\S+", said)
            assert address, f"`saddle explore` said {said!r}"
            yield address[0]
        finally:
            server.send_signal(signal.SIGINT)
            server.communicate(timeout=60)
