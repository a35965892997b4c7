"""R3GAN's discriminator turn, R1 and R2 included: without second derivatives against differentiating twice.

    python benchmarks/penalties.py [--side 32] [--width 64] [--full-width 4] [--blocks 2] [--batch 32]

The loss and all gradients of D's parameters in float32, channels last, on given real and generated images; the two
sides' gradients are compared.
"""

from __future__ import annotations

import argparse

import torch
from timing import race, report
from torch import Tensor
from torch.nn.functional import softplus

from saddlepoint.engine.device import pick_device
from saddlepoint.networks.r3gan import Discriminator, Shape
from saddlepoint.objectives.penalties import gradient_norm_squared
from saddlepoint.objectives.piecewise_linear import scores_and_slopes


def main() -> None:
    parser = argparse.ArgumentParser()
    sizes = (("side", 32), ("width", 64), ("full-width", 4), ("blocks", 2), ("batch", 32), ("rounds", 15))
    for name, default in sizes:
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    device = pick_device()
    torch.manual_seed(0)
    shape = Shape(width=asked.width, full_width=asked.full_width, blocks=asked.blocks, expansion=2, group=16)
    network = Discriminator((3, asked.side, asked.side), shape).to(device)
    for p in network.parameters():
        torch.nn.init.normal_(p, std=0.1)  # the last convolutions of the blocks begin at 0
        if p.ndim == 4:
            p.data = p.data.contiguous(memory_format=torch.channels_last)
    real, fake = torch.rand(2, asked.batch, 3, asked.side, asked.side, device=device) * 2 - 1
    real, fake = (x.contiguous(memory_format=torch.channels_last) for x in (real, fake))

    def gradients(a: Tensor, b: Tensor, penalties: Tensor) -> tuple[Tensor, ...]:
        found = torch.autograd.grad(softplus(b - a).mean() + penalties.mean(), list(network.parameters()))
        if device.type == "cuda":
            torch.cuda.synchronize()
        return found

    def twice() -> tuple[Tensor, ...]:
        inputs = real.clone().requires_grad_(), fake.clone().requires_grad_()
        a, b = (network(x) for x in inputs)
        return gradients(a, b, gradient_norm_squared(a, inputs[0]) + gradient_norm_squared(b, inputs[1]))

    def once() -> tuple[Tensor, ...]:
        (a, r1), (b, r2) = scores_and_slopes(network, real), scores_and_slopes(network, fake)
        return gradients(a, b, r1 + r2)

    where = f"{device.type}, {torch.get_num_threads()} threads"
    title = f"r3gan's D, {asked.side}x{asked.side}x3, width {asked.width}, batch {asked.batch} ({where})"
    report(title, race({"twice": twice, "once": once}, rounds=asked.rounds), "twice")
    errors = [float((x - y).abs().max() / y.abs().max()) for x, y in zip(once(), twice(), strict=True)]
    print(f"  largest difference of a gradient, of its largest value: {max(errors):.1e}")


if __name__ == "__main__":
    main()
