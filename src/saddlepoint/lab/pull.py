"""Where a generator's loss would have its samples go, and what the discriminator says of every place."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from saddlepoint.lab.training import Duel
from saddlepoint.types import Batch, Noise


def pull(model: Duel, batch: Batch) -> tuple[Tensor, Tensor, nn.Module | None]:
    """Samples (B, D), and where the generator's loss would have each of them go, (B, D): downhill, B times a mean's.

    Samples are made from draws of the prior, and from nothing else: an auto-encoding GAN's generator decodes too.

    Also the discriminator, if the method asks it for one number for each x alone, so that its scores are a surface:
    BiGAN's is shown pairs (x, z), PacGAN's several points at once, an auto-encoder gives back a point, and by feature
    matching the generator does not hear how real a point is.
    """
    prior, discriminator = model.prior, getattr(model, "discriminator", None)
    drawn: list[Tensor] = []
    made: list[Tensor] = []
    alone: list[bool] = []

    def draw(noise: Noise) -> Tensor:
        drawn.append(prior(noise))
        return drawn[-1]

    def cut(module: nn.Module, given: tuple[object, ...], output: Tensor) -> Tensor:
        output = output.detach().requires_grad_()  # the loss is followed back to the samples and no further
        if any(given[0] is z for z in drawn):
            made.append(output)
        return output

    def listen(module: nn.Module, given: tuple[object, ...], output: object) -> None:
        one = len(given) == 1 and isinstance(given[0], Tensor) and given[0].shape[1:] == batch.x.shape[1:]
        alone.append(one and isinstance(output, Tensor) and output.numel() == len(output))

    hooks = [model.generator.register_forward_hook(cut)]
    if discriminator is not None:
        hooks.append(discriminator.register_forward_hook(listen))
    model.prior = draw
    try:
        loss = model.generator_objective(batch)["loss"]
    finally:
        del model.prior  # the class's own stands again
        for hook in hooks:
            hook.remove()
    (samples,) = made
    (gradient,) = torch.autograd.grad(loss, samples)
    return samples.detach(), -gradient * len(gradient), discriminator if alone and all(alone) else None


@torch.no_grad()
def surface(discriminator: nn.Module, axis: Tensor, dimensions: int) -> Tensor:
    """Its scores on the grid: (G,), or (G, G) with the second dimension down the rows."""
    grid = axis[:, None] if dimensions == 1 else torch.cartesian_prod(axis, axis).flip(1)
    return discriminator(grid).float().reshape([len(axis)] * dimensions)
