"""File locks that the operating system frees when their process ends, however it ends."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl

POLL = 0.1  # seconds
_UNSUPPORTED = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK}


def grab(descriptor: int, *, shared: bool = False, wait: bool = False) -> bool | None:
    """Lock an open file: whether it was got, or None where there are no such locks (Windows, some network disks).

    It is held until every duplicate of the descriptor is closed, a memory map's own included.
    """
    if sys.platform == "win32":
        return None
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in _UNSUPPORTED:
            return None
        raise
    return True


@contextmanager
def only_holder(path: Path, waiting: Callable[[float], None]) -> Generator[bool]:
    """Hold the lock file `path`, which is there only as long as somebody does or a killed process left it.

    waiting: called with the seconds waited so far, again and again. Yields False, at once, where there are no locks.
    """
    start = time.monotonic()
    while (held := try_hold(path)) is False:
        waiting(time.monotonic() - start)
        time.sleep(POLL)
    if held is None:
        yield False
        return
    try:
        yield True
    finally:
        release(path, held)


def try_hold(path: Path) -> int | bool | None:
    """A descriptor that holds the lock file; False if another process does; None where there are no locks."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            got = grab(descriptor)
            if got and os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        except FileNotFoundError:  # its holder removed it between our opening and our locking
            got = True
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if got is None:
            with suppress(OSError):
                path.unlink()
            return None
        if not got:
            return False


def release(path: Path, descriptor: int) -> None:
    """Remove the lock file while it is still held, so that nobody can be holding what is removed."""
    with suppress(OSError):
        path.unlink()
    os.close(descriptor)
