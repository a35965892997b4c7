"""Run alternatives in turn, in one process, and compare medians: machines are noisy, ratios less so."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def race(sides: Mapping[str, Callable[[], object]], rounds: int = 15, warmup: int = 3) -> dict[str, list[float]]:
    """Seconds of each side in each round; the sides take turns."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for i in range(warmup + rounds):
        for name, run in sides.items():
            start = time.perf_counter()
            run()
            if i >= warmup:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def report(title: str, seconds: Mapping[str, list[float]], reference: str) -> None:
    """Print how many times faster each side is than the reference: median and range of the rounds' ratios."""
    print(title)
    for name, own in seconds.items():
        ratios = sorted(theirs / mine for theirs, mine in zip(seconds[reference], own, strict=True))
        low, high = ratios[len(ratios) // 10], ratios[-1 - len(ratios) // 10]
        print(f"  {name:<28} {statistics.median(ratios):6.2f} x {reference}   (middle 80%: {low:.2f} to {high:.2f})")
