"""What each of several processes runs in test_processes.py: trains a toy, then the leader writes what came of it.

Run as: torchrun ... joined.py OUT STEPS [RUN]
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import torch
from safetensors.torch import save_file
from torch import nn

from saddlepoint import distributed
from saddlepoint.config import DataConfig, TrainConfig
from saddlepoint.data.load import load
from saddlepoint.engine.budget import Budget
from saddlepoint.engine.trainer import Trainer
from saddlepoint.objectives.penalties import gradient_norm_squared
from saddlepoint.types import Batch, Losses
from support import Toy, equal, tensors, toy


class Penalised(Toy):
    """With a penalty whose second derivative goes through batch norm, a term that compares examples with one another,
    and nothing that depends on rounding."""

    def build(self) -> None:
        super().build()
        self.generator[1].register_parameter("bias", None)  # before batch norm: its gradient is rounding noise
        self.discriminator[3].p = 0.0  # each process drops other units
        self.discriminator.register_parameter("idle", nn.Parameter(torch.ones(3)))  # never has a gradient

    def d_objective(self, batch: Batch) -> Losses:
        x = batch.x.detach().requires_grad_()
        scores = self.discriminator(x)
        penalty = gradient_norm_squared(scores, x).mean()
        whole = distributed.whole_batch(scores)
        compared = (scores - whole.median() + torch.cdist(scores, whole).mean(1, keepdim=True)).tanh().mean()
        loss = super().d_objective(batch)["loss"] + 0.5 * penalty + 0.5 * compared
        return {"loss": loss, "penalty": penalty, "compared": compared}


def trainer(**options: object) -> Trainer:
    torch.manual_seed(0)
    plain = toy()
    config = TrainConfig(**{"batch": 24, "precision": "fp32", "track": "none", **options})  # type: ignore[arg-type]
    return Trainer(Penalised(plain.spec, plain.config), load("digits", DataConfig(flip=True)), config)


def main(out: Path, steps: int) -> None:
    with distributed.connect(torch.device("cpu")) as world:
        assert world.size == int(os.environ["WORLD_SIZE"]) == torch.distributed.get_world_size() == 2
        t = trainer()
        for _ in range(steps):
            t.one_step(Budget(steps=steps))
        assert distributed.first_difference(t.recipe.state_dict()) is None
        scores = {key: value[-1] for key, value in t.update.logs.items()}
        if world.leads:
            save_file({k: v.contiguous() for k, v in t.recipe.state_dict().items()}, out / "model.safetensors")
            save_file(scores, out / "logs.safetensors")
        refuse_together(t)


def refuse_together(t: Trainer) -> None:
    """One process's bad example keeps every process from moving, and all of them name it."""
    assert t.update.guard.look() == []
    before, batch = tensors(t.recipe.discriminator), next(t.batches)
    if t.world.rank == 1:
        batch.x[2, 0, 1, 1] = float("nan")
    t.update("discriminator", t.recipe.d_objective, batch)
    assert equal(before, tensors(t.recipe.discriminator))
    (call,) = t.update.guard.look()
    fault, whole = call.fault(), distributed.gather(batch.index, 24)
    assert fault.themselves
    assert fault.examples == (int(whole[12 + 2]),)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
