"""How long `saddle --help`, `saddle ls` and completion take against `python -c "import torch"`: at most a third.

    python benchmarks/startup.py

Commands and options complete from the installed script, without starting Python; what is timed is a recipe's name.

Exit status 1 if one takes longer than that.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from functools import partial

from timing import race

LIMIT = 1 / 3
TORCH = "import torch"
COMMANDS = {
    TORCH: ["-c", "import torch"],
    "saddle --help": ["-m", "saddlepoint", "--help"],
    "saddle ls": ["-m", "saddlepoint", "ls"],
    "saddle train <TAB>": ["-m", "saddlepoint", "__complete", "train", ""],
}


def main() -> int:
    run = partial(subprocess.run, check=True, stdout=subprocess.DEVNULL)
    sides = {name: partial(run, [sys.executable, *arguments]) for name, arguments in COMMANDS.items()}
    medians = {name: statistics.median(seconds) for name, seconds in race(sides, rounds=7, warmup=1).items()}
    for name, median in medians.items():
        print(f"{name:<18} {1000 * median:6.0f} ms  {median / medians[TORCH]:.2f} of {TORCH}")
    return int(max(medians[name] for name in medians if name != TORCH) > LIMIT * medians[TORCH])


if __name__ == "__main__":
    sys.exit(main())
