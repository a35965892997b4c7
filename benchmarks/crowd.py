"""Training beside work that holds every core: with the threads `saddle train` takes, and with torch's own number.

    python benchmarks/crowd.py [--busy 2] [--steps 60]

Each side is its own process (OpenMP settles its threads once), a dcgan on the digits, while `busy` processes spin.
The spinners count their turns, so that what the training leaves to them is seen too.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
from multiprocessing.sharedctypes import Synchronized

SIDE = """
import sys, time, torch, saddlepoint
from saddlepoint.config import DataConfig, TrainConfig
from saddlepoint.data.load import load
from saddlepoint.engine.budget import Budget
from saddlepoint.engine.trainer import Trainer
from saddlepoint.environment import make_room
if sys.argv[1] == "room":
    make_room()
data = load("digits", DataConfig())
trainer = Trainer(saddlepoint.create("dcgan", data.spec, width=32), data, TrainConfig(track="none"))
trainer.one_step(Budget(steps=1))
start = time.perf_counter()
for _ in range(int(sys.argv[2])):
    trainer.one_step(Budget(steps=1))
print(int(sys.argv[2]) / (time.perf_counter() - start), torch.get_num_threads())
"""


def spin(turns: Synchronized[int]) -> None:
    while True:
        sum(range(10_000))
        turns.value += 1


def train(side: str, steps: int) -> tuple[float, int]:
    environment = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}
    command = [sys.executable, "-c", SIDE, side, str(steps)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    rate, threads = done.stdout.split()
    return float(rate), int(threads)


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, default in (("busy", os.cpu_count() or 1), ("steps", 60)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    turns = [multiprocessing.Value("q", 0) for _ in range(asked.busy)]
    spinners = [multiprocessing.Process(target=spin, args=(count,), daemon=True) for count in turns]
    for spinner in spinners:
        spinner.start()
    rates: dict[str, float] = {}
    for side in ("own", "room", "own", "room"):
        before = sum(count.value for count in turns)
        rate, threads = train(side, asked.steps)
        rates[side] = max(rate, rates.get(side, 0.0))
        moved = sum(count.value for count in turns) - before
        print(f"  {side:<5} {threads} threads  {rate:7.1f} steps/s  spinners moved on by {moved}", flush=True)
    print(f"{asked.busy} busy processes: making room is {rates['room'] / rates['own']:.1f} times as fast")
    for spinner in spinners:
        spinner.terminate()


if __name__ == "__main__":
    main()
