"""The running average of the weights that sampling uses."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm  # pyright: ignore[reportPrivateUsage]  # the only common base

from saddlepoint import checkpoint
from saddlepoint.recipe import Recipe
from saddlepoint.types import Noise


class Average:
    """An exponential moving average of a recipe's `averaged` modules.

    Its half-life grows with training, up to `half_life` images, so that the first poor weights are soon
    forgotten (the ramp of Karras et al. 2020, arXiv 1912.04958: 5% of the images seen). With a
    half-life of 0 the average is the weights themselves.
    """

    RAMP = 0.05

    def __init__(self, source: Recipe[Any], half_life: int) -> None:
        self.half_life, self.source = half_life, source
        if not half_life:
            self.recipe = source
            return
        averaged = {id(getattr(source, name)) for name in source.averaged}
        # What is not averaged is shared, not copied: a discriminator costs nothing here.
        shared = {id(m): m for m in source.children() if id(m) not in averaged}
        self.recipe: Recipe[Any] = copy.deepcopy(source, memo=shared)
        self._ours = [p for name in source.averaged for p in getattr(self.recipe, name).parameters()]
        self._theirs = [p for name in source.averaged for p in getattr(source, name).parameters()]

    @torch.no_grad()
    def tick(self, images: int, seen: int) -> None:
        """Move towards the weights after a step of `images` images, `seen` in all."""
        if self.half_life:
            half_life = min(self.half_life, seen * self.RAMP)
            weight = 1 - 0.5 ** (images / half_life)
            for ours, theirs in zip(self._ours, self._theirs, strict=True):
                ours.lerp_(theirs, weight)

    @contextmanager
    def ready(self, seed: int = 0, batch: int = 64, passes: int = 8) -> Generator[Recipe[Any]]:
        """The averaged model in eval mode, with the statistics that belong to it; the model is as before after.

        Running statistics of batch norm belong to the raw weights: those of the average are measured over
        `passes` batches of samples from a fixed seed.
        """
        was_training = self.source.training
        self.recipe.eval()
        if self.half_life:
            with torch.no_grad():
                for key, buffer in self.source.named_buffers(recurse=False):
                    self.recipe.get_buffer(key).copy_(buffer)
                for name in self.source.averaged:
                    copy_buffers(getattr(self.source, name), getattr(self.recipe, name))
                measure_statistics(self.recipe, seed, batch, passes)
        try:
            yield self.recipe
        finally:
            self.source.train(was_training)


def averaged_state(recipe: Recipe[Any]) -> dict[str, Tensor]:
    """The tensors of what sampling uses: the averaged modules and the recipe's own buffers."""
    own = {key for key, _ in recipe.named_buffers(recurse=False)}
    return {k: v for k, v in recipe.state_dict().items() if k in own or k.partition(".")[0] in recipe.averaged}


def load_averaged(recipe: Recipe[Any], folder: Path) -> None:
    """Put the averaged weights of a checkpoint into a model.

    Raises:
        UserError: they are damaged or belong to another model.
    """
    tensors = {**recipe.state_dict(), **checkpoint.read_tensors(folder, "average")}
    checkpoint.load_module(recipe, tensors, folder / "average.safetensors")


def copy_buffers(source: nn.Module, target: nn.Module) -> None:
    for theirs, ours in zip(source.buffers(), target.buffers(), strict=True):
        ours.copy_(theirs)


def measure_statistics(recipe: Recipe[Any], seed: int, batch: int, passes: int) -> None:
    """Batch norm's statistics as the plain mean over `passes` batches of samples.

    Norms that sampling does not reach keep what they have.
    """
    averaged = (m for name in recipe.averaged for m in getattr(recipe, name).modules())
    norms = [m for m in averaged if isinstance(m, _BatchNorm) and m.track_running_stats]
    if not norms:
        return
    reached = [False] * len(norms)
    momenta = [norm.momentum for norm in norms]
    handles = [norm.register_forward_hook(_mark(reached, i)) for i, norm in enumerate(norms)]
    kept = [[b.clone() for b in norm.buffers()] for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # torch's way to say: the mean over all passes
        norm.train()
    for i in range(passes):
        noise = Noise("statistics", seed, i, rows=batch, device=recipe.device, draw_on="cpu")
        recipe.draw(noise, noise.integers(len(recipe.spec.classes)) if recipe.conditional else None)
    for norm, momentum, handle, buffers, hit in zip(norms, momenta, handles, kept, reached, strict=True):
        handle.remove()
        norm.momentum = momentum
        norm.eval()
        if not hit:
            for ours, theirs in zip(norm.buffers(), buffers, strict=True):
                ours.copy_(theirs)


def _mark(reached: list[bool], i: int) -> Callable[..., None]:
    """A forward hook that notes that its module was reached."""

    def hook(*_: object) -> None:
        reached[i] = True

    return hook
