"""A set in the making: what a killed process leaves of it is where the next one goes on.

`entries.jsonl` gains a line for every picture looked at, in the order of the source's stream. Then `rows.npy` is
filled, in that order too, and `state.json` says now and then how far. Either pass is taken up again by passing over
as much of the stream as is known.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from saddlepoint.data.picture import Header
from saddlepoint.data.survey import Entry
from saddlepoint.files import sha256, write_json

NEEDED_IN_MAKING = ("entries.jsonl", "state.json")


class Draft:
    """The folder of a set that is not finished."""

    EVERY = 10.0  # seconds; a kill costs so much of the decoding

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._journal = (folder / "entries.jsonl").open("a+b")
        self._rows: BinaryIO | None = None

    @property
    def noted(self) -> bool:
        """Whether it is noted how far the decoding has come."""
        return (self.folder / "state.json").exists()

    # Looking ------------------------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """What was looked at before, up to a line that was cut short."""
        entries, headers, whole = list[Entry](), dict[Header, Header](), 0
        self._journal.seek(0)
        for line in self._journal:
            try:
                name, digest, fields, reason = json.loads(line)
                header = Header(**fields) if fields else None
            except (ValueError, TypeError):
                break
            header = headers.setdefault(header, header) if header else None
            entries.append(Entry(name, bytes.fromhex(digest), header, reason))
            whole += len(line)
        self._journal.truncate(whole)
        return entries

    def add(self, entry: Entry) -> None:
        fields = asdict(entry.header) if entry.header else None
        self._journal.write(json.dumps([entry.name, entry.digest.hex(), fields, entry.reason]).encode() + b"\n")

    # Decoding -----------------------------------------------------------------------------------

    def begin(self, fingerprint: str, shape: tuple[int, int, int, int]) -> tuple[int, dict[str, str]]:
        """Open the rows (N, H, W, C): how many of the stream were dealt with before, and which of them were bad."""
        self._journal.flush()
        self._target, self._saved = [fingerprint, *shape], time.monotonic()
        rows, state = self.folder / "rows.npy", self._state()
        resumed = rows.exists() and state.get("target") == self._target
        self._rows = file = rows.open("r+b" if resumed else "wb")
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        self._start, self._size = file.tell(), int(np.prod(shape[1:], dtype=np.int64))
        file.truncate(self._start + shape[0] * self._size)
        return (state["done"], dict(state["bad"])) if resumed else (0, {})

    def row(self, number: int, pixels: npt.NDArray[np.uint8]) -> None:
        """Rows come in any order, by ordinary writes: a full disk is then an error, not a killed process."""
        assert self._rows, "begin() comes first"
        self._rows.seek(self._start + number * self._size)
        self._rows.write(pixels.tobytes())

    def keep(self, done: int, bad: Mapping[str, str]) -> None:
        """Note, if it is time, that so much of the stream is dealt with."""
        if time.monotonic() - self._saved >= self.EVERY:
            self._sync_rows()
            write_json(self.folder / "state.json", {"target": self._target, "done": done, "bad": dict(bad)})
            self._saved = time.monotonic()

    def finish(self, splits: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64] | None, meta: dict[str, Any]) -> None:
        """Make it what a finished set is: the rows, `splits.npy`, `labels.npy` and `meta.json`, safely on disk."""
        self._sync_rows()
        sums: dict[str, str] = {}
        for name, array in {"splits.npy": splits, "labels.npy": labels}.items():
            if array is not None:
                with (self.folder / name).open("wb") as file:
                    np.save(file, array, allow_pickle=False)
                    file.flush()
                    os.fsync(file.fileno())
                sums[name] = sha256(self.folder / name)
        write_json(self.folder / "meta.json", {**meta, "sha256": sums})
        self.close()

    def drop(self) -> None:
        """It turned out not to be needed."""
        self.close()
        shutil.rmtree(self.folder)

    def close(self) -> None:
        self._journal.close()
        if self._rows:
            self._rows.close()

    def _sync_rows(self) -> None:
        assert self._rows, "begin() comes first"
        self._rows.flush()
        os.fsync(self._rows.fileno())

    def _state(self) -> dict[str, Any]:
        try:
            return json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}


def tidy(folder: Path) -> None:
    """Remove from a finished set what only its making needed."""
    for name in NEEDED_IN_MAKING:
        (folder / name).unlink(missing_ok=True)
