"""Room for what is computed for one visitor for longer than an answer takes."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager

from saddlepoint.errors import UserError

PATIENCE = 3.0
"""Seconds for which a game waits for one that was just left, which ends with its next moment."""


class Room:
    """Seats for live games; by default one for two cores: more would slow each other and all pages.

    closing: set when the explorer ends, which waits for the games.
    """

    def __init__(self, seats: int | None = None) -> None:
        self.seats = seats or max(1, (os.cpu_count() or 1) // 2)
        self.closing = False
        self._free = threading.Semaphore(self.seats)

    @contextmanager
    def seat(self) -> Generator[None]:
        """
        Raises:
            UserError: all are taken, and stay so.
        """
        if not self._free.acquire(timeout=PATIENCE):
            raise UserError(
                f"As many games are played live as this machine has room for ({self.seats}): wait for one to end."
            )
        try:
            yield
        finally:
            self._free.release()

    def check(self) -> None:
        """
        Raises:
            UserError: the explorer is ending.
        """
        if self.closing:
            raise UserError("The explorer was ended, and the game with it.")
