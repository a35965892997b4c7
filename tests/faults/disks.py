"""Disks of a few hundred kilobytes, really mounted, without asking for rights."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


class Disk:
    """A tmpfs in a mount namespace of its own, which a shell keeps alive; `path` reaches into it from outside."""

    def __init__(self, shell: subprocess.Popen[str], mounted: Path) -> None:
        self._shell, self._mounted = shell, mounted
        self.path = Path(f"/proc/{shell.pid}/root") / mounted.relative_to("/")

    def remount(self, options: str) -> None:
        """`size=4m`, or `ro`."""
        assert isinstance(self._shell.stdin, IO) or self._shell.stdin
        self._shell.stdin.write(f"mount -o remount,{options} {self._mounted} && echo done\n")
        self._shell.stdin.flush()
        assert self._shell.stdout
        assert self._shell.stdout.readline() == "done\n"

    def fill(self) -> None:
        """Leave no room at all."""
        with (self.path / "ballast").open("ab", buffering=0) as file:
            for size in (4096, 1):
                try:
                    while file.write(bytes(size)):
                        pass
                except OSError:
                    continue

    def free(self) -> None:
        (self.path / "ballast").unlink()


MakeDisk = Callable[[str], Disk]


@contextmanager
def mounted(place: Path, size: str) -> Generator[Disk | str]:
    """A disk of this size mounted at a folder; or why there can be none here."""
    script = f"mount -t tmpfs -o size={size} none {place} && echo done; exec sh"
    try:
        shell = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    except FileNotFoundError:
        yield "there is no unshare(1) here to mount a small disk with"
        return
    with shell:
        assert shell.stdin
        assert shell.stdout
        assert shell.stderr
        if shell.stdout.readline() == "done\n":
            yield Disk(shell, place)
        else:
            shell.stdin.close()
            yield f"a small disk cannot be mounted here: {shell.stderr.read().strip()}"
