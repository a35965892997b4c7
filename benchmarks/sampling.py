"""Drawing images pixel by pixel: layers that remember what they gave before, against a whole pass for each pixel.

    python benchmarks/sampling.py [--recipe pixel_cnn] [--batch 64] [--levels 2] [key=value ...]

Images of 28x28 in float32, black and white unless told otherwise, from the same uniform numbers, by an untrained
network: time depends on its size alone. The images of both are compared pixel by pixel. CPU time is compared, which
other work disturbs less.
"""

from __future__ import annotations

import argparse
import time

import torch

import saddlepoint
from saddlepoint.config import parse_overrides
from saddlepoint.families import PixelByPixel
from saddlepoint.families.autoregressive import PixelPredictor, raster
from saddlepoint.types import Noise


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--recipe", default="pixel_cnn")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--levels", type=int, default=2)
    parser.add_argument("options", nargs="*", default=["blocks=5", "width=16", "head=32"])
    args = parser.parse_args()
    torch.manual_seed(0)
    spec = saddlepoint.DataSpec(shape=(1, 28, 28), levels=args.levels)
    model = saddlepoint.create(args.recipe, spec, **parse_overrides(args.options)).eval()
    assert isinstance(model, PixelByPixel), f"{args.recipe} does not draw pixel by pixel"
    uniform = Noise("benchmark", rows=args.batch).uniform(*spec.shape)

    def seconds(predict: PixelPredictor) -> tuple[float, float, torch.Tensor]:
        wall, cpu = time.perf_counter(), time.process_time()
        with torch.no_grad():
            x = raster(predict, torch.zeros_like(uniform), uniform)
        return time.perf_counter() - wall, time.process_time() - cpu, x

    seconds(model.predictor(None))  # warm
    wall, cpu, ours = seconds(model.predictor(None))
    naive_wall, naive_cpu, theirs = seconds(model.naive_predictor(None))
    print(f"{args.recipe} {' '.join(args.options)}, batch {args.batch}, {torch.get_num_threads()} threads")
    print(f"  remembering       {cpu:8.2f} s of CPU  {wall:8.2f} s")
    print(f"  a pass per pixel  {naive_cpu:8.2f} s of CPU  {naive_wall:8.2f} s")
    print(f"  ratio {naive_cpu / cpu:.0f} ({naive_wall / wall:.0f} of elapsed time)", end="; ")
    print(f"{int((ours != theirs).sum())} of {ours.numel():,} pixels differ")


if __name__ == "__main__":
    main()
