"""How much memory a training step takes: counted for what stays, measured for what a step saves for backward."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor

from saddlepoint.engine.update import Updater


@dataclass
class Memory:
    """Bytes: `state` for weights, gradients, moments and averages; `activations` of the largest update."""

    state: int = 0
    saved: dict[int, int] = field(default_factory=dict[int, int])

    @property
    def total(self) -> int:
        return self.state + sum(self.saved.values())


@contextmanager
def estimate_memory(update: Updater) -> Generator[Memory]:
    """Watch one step. An upper estimate: what several updates of the step save is counted together."""
    memory = Memory()

    def pack(saved: Tensor) -> Tensor:
        memory.saved[saved.untyped_storage().data_ptr()] = saved.untyped_storage().nbytes()
        return saved

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda saved: saved):
        yield memory
    own = {id(p): p for seat in update.seats.values() for p in seat.parameters}
    # fp32 weight, gradient, two moments and the average
    memory.state = sum(5 * 4 * p.numel() for p in own.values())
