"""Work in a few threads with bounded memory, results in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")

Progress = Callable[[int, int, str], None]
"""Called with what is done, the total (0: unknown) and a phrase that says of what."""

CHUNK = 8  # small pictures decode faster than a task is handed over


def in_order(work: Callable[[A], B], items: Iterable[A]) -> Iterator[B]:
    """`map` in threads, for work that releases the interpreter lock. Only a few chunks are ever held."""
    threads = min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)

    def run(chunk: list[A]) -> list[B]:
        return [work(item) for item in chunk]

    rest = iter(items)

    with ThreadPoolExecutor(threads) as pool:
        pending: deque[Future[list[B]]] = deque()
        while chunk := list(islice(rest, CHUNK)):
            pending.append(pool.submit(run, chunk))
            if len(pending) > threads + 2:
                yield from pending.popleft().result()
        while pending:
            yield from pending.popleft().result()
