"""How long a training has taken, over all its sessions."""

from __future__ import annotations

import time


class Clock:
    """Seconds by the wall, and of CPU time in all threads of this process: what others on the machine do not lengthen.

    It stands still until `start`, and reads what it showed at the last `tick`.
    """

    def __init__(self) -> None:
        self.seconds, self.cpu_seconds = 0.0, 0.0
        self.start()

    def start(self) -> None:
        """Go on from what it shows."""
        self._wall, self._cpu = time.monotonic() - self.seconds, time.process_time() - self.cpu_seconds

    def tick(self) -> None:
        self.seconds, self.cpu_seconds = time.monotonic() - self._wall, time.process_time() - self._cpu
