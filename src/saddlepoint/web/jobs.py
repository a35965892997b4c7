"""Trainings in processes of their own, which go on when the page, or the explorer, closes.

`.explore/` in the runs folder remembers them: a record and what the process said, one pair for each run.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from saddlepoint.errors import UserError
from saddlepoint.files import read_json, write_json

FOLDER = ".explore"
SAID = 4096  # bytes of a log's end, in which its last words are


class Jobs:
    """The trainings of one runs folder that were started from the page."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, root / FOLDER
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()

    def start(self, name: str, arguments: Sequence[str]) -> None:
        """Run `saddle` with these arguments for the run of this name.

        Raises:
            UserError: it is being trained already, or as many trainings are as this machine has room for.
        """
        with self._lock:
            busy = sorted(each for each in self.names() if self.alive(each))
            if name in busy:
                raise UserError(f"{name} is being trained already.")
            room = max(1, (os.cpu_count() or 1) // 2)
            if len(busy) >= room:
                raise UserError(f"This machine has room for {room} training(s): stop {', '.join(busy)} first.")
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._log(name).open("wb") as log:
                child = subprocess.Popen(
                    [sys.executable, "-m", "saddlepoint", *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # Ctrl-C in the explorer's terminal is not meant for it
                )
            self._children[name] = child
            now = datetime.now(UTC).isoformat(timespec="seconds")
            write_json(self._record(name), {"pid": child.pid, "born": _born(child.pid), "started": now})

    def stop(self, name: str) -> None:
        """Ask the training to finish its step and write a checkpoint; asked again, it stops at once.

        Raises:
            UserError: it is not being trained, or not by us.
        """
        with self._lock:
            if not self.alive(name):
                raise UserError(f"{name} is not being trained from this page, so it cannot be stopped here.")
            record = self._read(name)
            write_json(self._record(name), {**record, "stopping": True})
            os.kill(record["pid"], signal.SIGINT)

    def forget(self, name: str) -> None:
        """Drop the record of a training that is over.

        Raises:
            UserError: it still runs.
        """
        with self._lock:
            if name not in self.names():
                raise UserError(f"{name} was not started from this page.")
            if self.alive(name):
                raise UserError(f"{name} is being trained: stop it first.")
            for path in (self._record(name), self._log(name)):
                path.unlink(missing_ok=True)

    def names(self) -> set[str]:
        """All that were started from the page and are remembered."""
        return {path.stem for path in self.folder.glob("*.json")}

    def alive(self, name: str) -> bool:
        child = self._children.get(name)
        if child is not None:
            return child.poll() is None
        return name in self.names() and _born(self._read(name)["pid"]) == self._read(name)["born"] != ""

    def stopping(self, name: str) -> bool:
        """Whether it was asked to stop."""
        return bool(self._read(name).get("stopping"))

    def started(self, name: str) -> str:
        return str(self._read(name)["started"])

    def last_words(self, name: str) -> str:
        """What a training that is over said last, or which signal ended it."""
        child = self._children.get(name)
        status = child.poll() if child is not None else None
        if status is not None and status < 0:
            return f"It was ended from outside, by {signal.Signals(-status).name}: resume goes on from its checkpoint."
        log = self._log(name)
        said = log.read_bytes()[-SAID:].decode(errors="replace").splitlines() if log.exists() else []
        complaints = [line.removeprefix("saddle: ") for line in said if line.startswith("saddle: ")]
        if complaints == ["stopped."] and self.stopping(name):
            return "It was stopped from this page before it took a step."
        if complaints:
            return complaints[-1]
        if self.stopping(name):
            return "It was stopped from this page: resume goes on where it was."
        return "It ended without a word, so it was ended from outside: resume goes on from its checkpoint."

    def _record(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _read(self, name: str) -> dict[str, Any]:
        return read_json(self._record(name))


def _born(pid: int) -> str:
    """When a living process began, which with its number tells it from a later one of the same number; else nothing."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        if stat.parent.parent.is_dir() and Path("/proc/self/stat").exists():
            fields = stat.read_text().rpartition(")")[2].split()
            return "" if fields[0] in "ZX" else fields[19]
        told = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return told.stdout.strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""
