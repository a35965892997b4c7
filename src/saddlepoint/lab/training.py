"""A recipe trained in memory, with a look at it now and then."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeGuard, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from saddlepoint import catalogue
from saddlepoint.config import DataConfig, TrainConfig, build, split
from saddlepoint.data.dataset import Data, Examples
from saddlepoint.engine.budget import Budget
from saddlepoint.engine.trainer import Trainer
from saddlepoint.errors import NonFiniteError, UserError
from saddlepoint.types import Batch, DataSpec, Losses, Noise

Look = TypeVar("Look")
TRAINING: Mapping[str, Any] = {"batch": 256, "ema": 0, "track": "none", "precision": "fp32"}
"""What differs from the defaults of training: small networks on points learn from large batches in no more time."""


class Duel(Protocol):
    """A game of one generator: what is watched of it. Who answers may be one discriminator, or a critic of parts."""

    prior: Callable[[Noise], Tensor]
    generator: nn.Module

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor: ...

    def generator_objective(self, batch: Batch) -> Losses: ...


def is_duel(recipe: object) -> TypeGuard[Duel]:
    """By what it has, for methods of every family play it: GMMN has no opponent, AdaGAN several generators."""
    return all(hasattr(recipe, part) for part in ("prior", "generator", "generate", "generator_objective"))


def watch(
    name: str,
    data: Data,
    look: Callable[[int, Duel], Look],
    *,
    steps: int,
    frames: int,
    seed: int = 0,
    options: Mapping[str, Any] = {},
) -> Iterator[Look]:
    """Train, and look at the model before the first step, after the last, and at even distances between.

    Each look is given as soon as it is taken; the training goes on when the next one is asked for.

    options: keys of the recipe and of training. look: takes the step and the model, in eval mode.

    Raises:
        UserError: an unknown recipe or key, no game of one generator, or data it cannot take.
        NonFiniteError: a loss or gradient was not finite.
    """
    own, training = split(options, catalogue.recipe_class(name).Config, TrainConfig)
    due = {round(steps * i / (frames - 1)) for i in range(frames)} if frames > 1 else {steps}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = recipe = catalogue.create(name, data.spec, **own)
    if not is_duel(model):
        raise UserError(f"{name} is no game of one generator against a discriminator, which is what is drawn here.")
    trainer = Trainer(recipe, data, build(TrainConfig, {**TRAINING, **training}), seed=seed)
    for step in range(steps + 1):
        if step in due:
            recipe.eval()
            found = look(step, model)
            recipe.train()
            yield found
        if step < steps:
            with torch.random.fork_rng():  # each step seeds the generator for itself
                trainer.one_step(Budget(steps=steps))
            if faults := trainer.update.guard.look():
                raise NonFiniteError(f"{faults[0].fault()} The game ends there: try a lower lr.")


def in_memory(points: npt.NDArray[np.float32]) -> Data:
    """Points (N, D) as data to train on; there is nothing to judge by, so nothing is held out."""
    spec = DataSpec(kind="points", shape=(points.shape[1],))
    rows = Examples(spec=spec, index=np.arange(len(points)), rows=points)
    return Data(
        spec=spec, source="points", fingerprint="", options=DataConfig(), train=rows, validation=rows, test=rows
    )
