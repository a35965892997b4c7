"""A training step of DCGAN: the engine against the loop a person would write.

    python benchmarks/training_step.py [--side 64] [--width 64] [--batch 64]

Three sides, the same networks and losses:
- plain: float32, NCHW, unfused Adam, nobody frozen: the loop of most tutorials;
- tuned: by hand, all that the engine does for speed (bf16, channels_last, fused Adam, the idle player frozen);
- engine: `Trainer.one_step`, with its noise, guard, buffers, average and logs.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import torch
from timing import race, report
from torch import Tensor, nn
from torch.nn.functional import softplus

import saddlepoint
from saddlepoint.config import DataConfig, TrainConfig
from saddlepoint.data.dataset import Data, Examples, to_model
from saddlepoint.engine.budget import Budget
from saddlepoint.engine.device import pick_device, pick_precision
from saddlepoint.engine.trainer import Trainer


def random_images(side: int, count: int = 2048) -> Data:
    spec = saddlepoint.DataSpec(shape=(3, side, side))
    rows = torch.randint(256, (count, side, side, 3), dtype=torch.uint8).numpy()
    index = torch.arange(count).numpy()
    part = Examples(spec=spec, rows=rows, index=index)
    return Data(spec=spec, source="noise", fingerprint="", options=DataConfig(), train=part, validation=part, test=part)


def loop(data: Data, width: int, batch: int, *, tuned: bool, device: torch.device) -> Callable[[], None]:
    recipe = saddlepoint.create("dcgan", data.spec, width=width).to(device)
    g, d = recipe.generator, recipe.discriminator
    if tuned:
        for network in (g, d):
            network.to(memory_format=torch.channels_last)
    adam = {"lr": 2e-4, "betas": (0.5, 0.999), "fused": tuned}
    g_adam, d_adam = torch.optim.Adam(g.parameters(), **adam), torch.optim.Adam(d.parameters(), **adam)
    dtype = torch.bfloat16 if tuned and pick_precision("auto", device) == "bf16" else None

    def real() -> Tensor:
        x = to_model(data.train.raw(torch.randint(len(data.train), (batch,)).numpy()).to(device))
        return x if tuned else x.contiguous()

    def latent() -> Tensor:
        return 2 * torch.rand(batch, 100, device=device) - 1

    def freeze(network: nn.Module, frozen: bool) -> None:
        if tuned:
            network.requires_grad_(not frozen)

    def step() -> None:
        freeze(g, True), freeze(d, False)
        with torch.autocast(device.type, dtype, enabled=dtype is not None):
            loss = softplus(-d(real()).float()).mean() + softplus(d(g(latent()).detach()).float()).mean()
        d_adam.zero_grad()
        loss.backward()
        d_adam.step()
        freeze(g, False), freeze(d, True)
        with torch.autocast(device.type, dtype, enabled=dtype is not None):
            loss = softplus(-d(g(latent())).float()).mean()
        g_adam.zero_grad()
        loss.backward()
        g_adam.step()
        if device.type == "cuda":
            torch.cuda.synchronize()

    return step


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, default in (("side", 64), ("width", 64), ("batch", 64), ("rounds", 15)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    device, data = pick_device(), random_images(asked.side)
    recipe = saddlepoint.create("dcgan", data.spec, width=asked.width)
    trainer = Trainer(recipe, data, TrainConfig(batch=asked.batch, track="none"), device=device)
    budget = Budget(steps=1)

    def engine() -> None:
        trainer.one_step(budget)
        if device.type == "cuda":
            torch.cuda.synchronize()

    sides = {
        "plain": loop(data, asked.width, asked.batch, tuned=False, device=device),
        "tuned": loop(data, asked.width, asked.batch, tuned=True, device=device),
        "engine": engine,
    }
    where = f"{device.type}, {torch.get_num_threads()} threads, engine in {trainer.precision}"
    title = f"dcgan {asked.side}x{asked.side}x3, width {asked.width}, batch {asked.batch} ({where})"
    report(title, race(sides, rounds=asked.rounds), "plain")


if __name__ == "__main__":
    main()
