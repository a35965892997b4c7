"""Processes that load a set at a word, to be killed or compared. Forked from one that has imported everything."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path

from saddlepoint.data.dataset import Data
from saddlepoint.data.draft import Draft
from saddlepoint.data.load import load

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["saddlepoint.data.load"])


def digest(data: Data) -> tuple[str, str]:
    """Fingerprint, and sha256 of the rows."""
    return data.fingerprint, hashlib.sha256(data.train.rows.tobytes()).hexdigest()


def work(pipe: Connection, source: Path, cache: Path, every: float, pause: float) -> None:
    Draft.EVERY = every

    def progress(done: int, total: int, what: str) -> None:
        pipe.send((what.partition(" ")[0], done))
        time.sleep(pause)

    pipe.send(("ready", 0))
    pipe.recv()
    data = load(source, cache=cache, progress=progress)
    pipe.send(("loaded", digest(data)))
    pipe.recv()


class Loader:
    """A process that loads at `go`, and then keeps what it loaded until it is let go.

    every: seconds between its notes of how far it has come; pause: between pictures.
    """

    def __init__(self, source: Path, cache: Path, *, every: float = 0.0, pause: float = 0.0) -> None:
        self.pipe, theirs = FORKS.Pipe()
        self.process = FORKS.Process(target=work, args=(theirs, source, cache, every, pause), daemon=True)
        self.process.start()
        theirs.close()
        assert self.pipe.recv() == ("ready", 0)

    def go(self) -> None:
        self.pipe.send("go")

    def loaded(self) -> tuple[tuple[str, str], set[str]]:
        """What it loaded, and the first words of all it said."""
        words: set[str] = set()
        while True:
            word, value = self.pipe.recv()
            if word == "loaded":
                return value, words
            words.add(word)

    def until(self, word: str, number: int) -> None:
        """Wait till it says that it has read or decoded so many."""
        while True:
            said, done = self.pipe.recv()
            if said == word and done >= number:
                return

    def kill(self) -> None:
        assert self.process.pid
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()
        self.pipe.close()

    def end(self) -> None:
        self.pipe.send("end")
        self.process.join()
        assert self.process.exitcode == 0
        self.pipe.close()
