"""Ctrl-C and SIGTERM: finish the step, then stop in order. A second one stops at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType


class StopRequest:
    """Holds the name of the signal that came, if one did."""

    name: str | None = None


@contextmanager
def stop_on_signals() -> Generator[StopRequest]:
    """While inside, the first SIGINT or SIGTERM is only noted. Outside the main thread nothing changes."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return

    def note(number: int, frame: FrameType | None) -> None:
        request.name = signal.Signals(number).name
        for one, handler in before.items():
            signal.signal(one, handler)

    before = {one: signal.signal(one, note) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield request
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
