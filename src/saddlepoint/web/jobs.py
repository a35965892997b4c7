"""Trainings and evaluations in processes of their own, which go on when the page, or the explorer, closes.

`.explore/` in the runs folder remembers them: a record and what the process said, one pair for each run.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from saddlepoint.errors import UserError
from saddlepoint.files import read_json, write_json

FOLDER = ".explore"
SAID = 4096  # bytes of a log's end, in which its last words are


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What the jobs do, in the words of a refusal, and where they are remembered. early: when one was stopped that says
    no more than that it was. stop: what asks it to stop."""

    folder: str
    what: str
    done: str
    again: str
    early: str
    stop: signal.Signals


TRAINING = Kind(
    folder=FOLDER,
    what="training",
    done="trained",
    again=": resume goes on from its checkpoint",
    early=" before it took a step",
    stop=signal.SIGINT,
)
EVALUATION = Kind(
    folder=f"{FOLDER}/evaluations",
    what="evaluation",
    done="measured",
    again=": nothing was kept of it, so measure anew",
    early=": nothing was kept of it, so measure anew",
    stop=signal.SIGTERM,  # ends it at once; a KeyboardInterrupt can be swallowed while libraries are imported
)


class Jobs:
    """The jobs of one kind, at most one for each run of a folder, that were started from the page."""

    def __init__(self, root: Path, kind: Kind = TRAINING) -> None:
        self.root, self.kind, self.folder = root, kind, root / kind.folder
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()

    def start(self, name: str, arguments: Sequence[str]) -> None:
        """Run `saddle` with these arguments for the run of this name.

        Raises:
            UserError: it is being worked on already, or as many jobs are as this machine has room for.
        """
        with self._lock:
            busy = sorted(each for each in self.names() if self.alive(each))
            if name in busy:
                raise UserError(f"{name} is being {self.kind.done} already.")
            room = max(1, (os.cpu_count() or 1) // 2)
            if len(busy) >= room:
                raise UserError(f"This machine has room for {room} {self.kind.what}(s): stop {', '.join(busy)} first.")
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
        """Ask a training to finish its step and write a checkpoint; asked again, or of an evaluation, to stop at once.

        Raises:
            UserError: nothing of the kind goes on, or not by us.
        """
        with self._lock:
            if not self.alive(name):
                raise UserError(f"{name} is not being {self.kind.done} from this page, so it cannot be stopped here.")
            record = self._read(name)
            write_json(self._record(name), {**record, "stopping": True})
            os.kill(record["pid"], self.kind.stop)

    def forget(self, name: str) -> None:
        """Drop the record of a job that is over.

        Raises:
            UserError: it still runs.
        """
        with self._lock:
            if name not in self.names():
                raise UserError(f"{name} was not started from this page.")
            if self.alive(name):
                raise UserError(f"{name} is being {self.kind.done}: stop it first.")
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
        """What a job that is over said last, or which signal ended it."""
        child = self._children.get(name)
        status = child.poll() if child is not None else None
        stopped = self.stopping(name)
        if status is not None and status < 0 and not (stopped and status == -self.kind.stop):
            return f"It was ended from outside, by {signal.Signals(-status).name}{self.kind.again}."
        said = [line.removeprefix("saddle: ") for line in self.said(name).splitlines() if line.startswith("saddle: ")]
        early = stopped and said[-1:] == ["stopped."]
        if said and not early:
            return said[-1]
        how = "It was stopped from this page" if stopped else "It ended without a word, so it was ended from outside"
        return f"{how}{self.kind.early if early else self.kind.again}."

    def said(self, name: str) -> str:
        """The end of what it said."""
        log = self._log(name)
        return log.read_bytes()[-SAID:].decode(errors="replace") if log.exists() else ""

    def began(self, name: str) -> int:
        """When it was started or asked to stop, in nanoseconds of the file's clock."""
        return self._record(name).stat().st_mtime_ns

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
