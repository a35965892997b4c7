"""How long `saddle --help` and `saddle ls` take, against `python -c "import torch"`: at most a third.

Interleaved, so that a busy moment hits all three; medians. Exit status 1 if a command is slower than that.

    python benchmarks/startup.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

COMMANDS = {
    "import torch": [sys.executable, "-c", "import torch"],
    "saddle --help": [sys.executable, "-m", "saddlepoint", "--help"],
    "saddle ls": [sys.executable, "-m", "saddlepoint", "ls"],
}
LIMIT = 1 / 3


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main(rounds: int = 7) -> int:
    for command in COMMANDS.values():  # files into the page cache, bytecode written
        seconds(command)
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, command in COMMANDS.items():
            times[name].append(seconds(command))
    medians = {name: statistics.median(found) for name, found in times.items()}
    ratios = {name: median / medians["import torch"] for name, median in medians.items()}
    for name, median in medians.items():
        print(f"{name:<14} {1000 * median:7.0f} ms   {ratios[name]:.2f} of import torch")
    return int(max(ratios["saddle --help"], ratios["saddle ls"]) > LIMIT)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
