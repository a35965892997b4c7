"""Feeding images: the cache against decoding files anew each epoch.

    python benchmarks/data.py [--count 2000] [--side 64]

Makes a folder of JPEGs a quarter larger than the size trained at, then, in turn:
- files: a plain loop that opens, crops, resizes and stacks each image of a batch with Pillow, every time;
- cache: `Sampler` and `Examples.x`, as the trainer does.
The first load, which fills the cache, is timed once beside the same loop over all files.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from timing import race, report
from torch import Tensor

from saddlepoint.config import DataConfig
from saddlepoint.data.load import load
from saddlepoint.data.sampler import Sampler


def make_folder(folder: Path, count: int, side: int) -> list[Path]:
    draw = np.random.default_rng(0)
    paths = [folder / f"{i:05d}.jpg" for i in range(count)]
    for path in paths:
        coarse = Image.fromarray(draw.integers(256, size=(8, 10, 3), dtype=np.uint8))
        coarse.resize((side * 5 // 4, side)).save(path, quality=90)
    return paths


def open_all(paths: list[Path], side: int) -> Tensor:
    images = [ImageOps.fit(Image.open(path).convert("RGB"), (side, side), Image.Resampling.LANCZOS) for path in paths]
    return torch.from_numpy(np.stack([np.asarray(image) for image in images])).permute(0, 3, 1, 2).float() / 127.5 - 1


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, default in (("count", 2000), ("side", 64), ("batch", 64), ("rounds", 15)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "images"
        folder.mkdir()
        paths = make_folder(folder, asked.count, asked.side)
        start = time.perf_counter()
        data = load(folder, DataConfig(size=str(asked.side)), cache=Path(temporary) / "cache")
        filled = time.perf_counter() - start
        start = time.perf_counter()
        open_all(paths, asked.side)
        once = time.perf_counter() - start
        print(f"first load of {asked.count} JPEGs into the cache: {filled / once:.2f} x the time of one plain pass")

        sampler, place = Sampler(len(data.train), asked.batch, seed=0), 0

        def files() -> Tensor:
            return open_all([paths[i] for i in sampler.positions(place)], asked.side)

        def cache() -> Tensor:
            nonlocal place
            place += asked.batch
            return data.train.x(sampler.positions(place))

        sides: dict[str, Callable[[], object]] = {"files": files, "cache": cache}
        report(f"a batch of {asked.batch} at {asked.side}x{asked.side}x3", race(sides, asked.rounds), "files")


if __name__ == "__main__":
    main()
