"""The models asked for last, in memory."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from saddlepoint import api, runs
from saddlepoint.config import Config
from saddlepoint.recipe import Recipe

KEPT = 3


class Ask(Config):
    """What every question to a model says."""

    checkpoint: str = Field("latest", pattern=r"^(latest|best|[0-9]{1,18})$")
    weights: Literal["average", "raw"] = "average"
    psi: float = Field(1.0, ge=0, le=1)
    """Truncation: normal parts of the latent times this, so that samples come from nearer the middle."""

    @property
    def which(self) -> int | Literal["latest", "best"]:
        return self.checkpoint if self.checkpoint in ("latest", "best") else int(self.checkpoint)


class Models:
    """The models asked for last. One computation at a time: two on the same cores would only slow each other."""

    def __init__(self, kept: int = KEPT) -> None:
        self.kept, self.lock = kept, threading.Lock()
        self._held: OrderedDict[tuple[Any, ...], Recipe[Any]] = OrderedDict()

    def get(self, folder: Path, ask: Ask) -> Recipe[Any]:
        """The model of a run in eval mode; call with the lock held.

        Raises:
            UserError: no such checkpoint, or a damaged one.
        """
        where = runs.find_checkpoint(folder, ask.which)
        key = (where, ask.weights, (where / "state.json").stat().st_mtime_ns)
        if key not in self._held:
            self._held[key] = api.load(
                folder, weights=ask.weights, checkpoint=int(where.name), device="cpu"
            ).requires_grad_(False)
        self._held.move_to_end(key)
        while len(self._held) > self.kept:
            self._held.popitem(last=False)
        return self._held[key]

    def breathe(self) -> None:
        """Let others' questions go before the rest of a long one; call with the lock held."""
        self.lock.release()
        time.sleep(0.001)  # without which this thread would have the lock again before another wakes up
        self.lock.acquire()
