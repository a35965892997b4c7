"""What a growing image set costs: anonymous memory of a whole training, first load included, and waiting for data.

    python benchmarks/memory.py [--small 100] [--large 2400]

Each size, in MB of 64x64x3 images in one .npy file, is loaded into a fresh cache and trained on in a process of its
own. RssAnon is what the kernel cannot drop: mapped pages of the cache do not count. Waiting is the share of a step of
dcgan (width 64, batch 64) that goes into fetching its batches, from rows that are in memory.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

SIDE = 64


def write_images(path: Path, megabytes: int) -> None:
    """Noise, one block repeated with another tint, so that it is made quickly and no two images are equal."""
    import numpy as np

    count = megabytes * 1_000_000 // (SIDE * SIDE * 3)
    rows = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(count, SIDE, SIDE, 3))
    block = np.random.default_rng(0).integers(256, size=(1024, SIDE, SIDE, 3), dtype=np.uint8)
    for start in range(0, count, len(block)):
        part = block[: min(len(block), count - start)]
        rows[start : start + len(part)] = part + np.uint8(start // len(block))
    rows.flush()


def anonymous() -> int:
    """RssAnon of this process in kB."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon"))


def train(source: str, out: str) -> None:
    """Train on a source and print the peak of RssAnon in MB."""
    import saddlepoint

    peak, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            peak[0] = max(peak[0], anonymous())

    watcher = threading.Thread(target=watch)
    watcher.start()
    saddlepoint.train("dcgan", source, out=out, steps=20, width=16, batch=64, track="none", device="cpu")
    done.set()
    watcher.join()
    print(peak[0] // 1024)


def waiting() -> float:
    """The share of a training step that fetching its batches takes."""
    from training_step import random_images

    import saddlepoint
    from saddlepoint.config import TrainConfig
    from saddlepoint.engine.budget import Budget
    from saddlepoint.engine.trainer import Trainer

    data = random_images(SIDE)
    recipe = saddlepoint.create("dcgan", data.spec, width=64)
    trainer = Trainer(recipe, data, TrainConfig(batch=64, track="none"))
    spent, plain = [0.0], trainer.batches

    def timed():
        while True:
            start = time.perf_counter()
            batch = next(plain)
            spent[0] += time.perf_counter() - start
            yield batch

    trainer.batches = timed()
    for _ in range(2):
        trainer.one_step(Budget(steps=99))
    spent[0], start = 0.0, time.perf_counter()
    for _ in range(8):
        trainer.one_step(Budget(steps=99))
    return spent[0] / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", type=int, default=100)
    parser.add_argument("--large", type=int, default=2400)
    parser.add_argument("--train", nargs=2)
    options = parser.parse_args()
    if options.train:
        train(*options.train)
        return
    print(f"waiting for data: {waiting():.1%} of a step of dcgan {SIDE}x{SIDE}x3, width 64, batch 64")
    peaks: list[int] = []
    for size in (options.small, options.large):
        with tempfile.TemporaryDirectory() as folder:
            images = Path(folder) / "images.npy"
            write_images(images, size)
            command = [sys.executable, __file__, "--train", str(images), str(Path(folder) / "run")]
            environment = {**os.environ, "SADDLE_CACHE": str(Path(folder) / "cache")}
            peaks.append(int(subprocess.run(command, env=environment, stdout=-1, check=True).stdout))
        print(f"{size} MB of images: peak RssAnon {peaks[-1]} MB")
    print(f"difference {peaks[1] - peaks[0]} MB")


if __name__ == "__main__":
    main()
