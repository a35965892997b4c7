"""Boltzmann machines learn the digits in black and white, judged by their exact likelihood; broken ones do not."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from saddlepoint import catalogue
from saddlepoint.engine.update import Updater
from saddlepoint.objectives.partition import log_partition
from saddlepoint.recipe import Player
from saddlepoint.types import Batch, DataSpec, Noise

GOOD = -22.5
"""Held-out digits of 64 pixels after 400 steps, nats. Learned: -21.3 by contrastive divergence, -21.4 by persistent
chains; independent pixels reach -24.9, the broken ones -44 and less."""


@cache
def digits() -> Tensor:
    from sklearn.datasets import load_digits

    grey = torch.tensor(load_digits().data).view(-1, 1, 8, 8)
    return torch.where(grey >= 8, 1.0, -1.0)


def wrong_sign(model: Any) -> None:
    objective = model.objective
    model.objective = lambda batch: {"loss": -objective(batch)["loss"]}


def frozen(model: Any) -> None:
    model.players = lambda: {"machine": Player(modules=(model.machine,), optimizer="sgd", lr=0.0, betas=(0.0, 0.0))}


def nats(algorithm: str, break_it: Callable[[Any], None] = lambda model: None) -> float:
    torch.manual_seed(0)
    x, draw = digits(), torch.Generator().manual_seed(0)
    config = {"hidden": 12, "lr": 0.2, "algorithm": algorithm}
    model, judge = (catalogue.create("rbm", DataSpec(shape=(1, 8, 8), levels=2), **config) for _ in range(2))
    break_it(model)
    update = Updater(model, seed=0, device=torch.device("cpu"), precision="fp32", micro_batch=0)
    for t in range(400):
        update.begin(t)
        rows = torch.randint(1400, (50,), generator=draw)
        model.step(iter([Batch(x=x[rows], y=None, index=rows, noise=Noise("data", t, rows=50))]), update, t)
    judge.load_state_dict(model.state_dict())
    machine = judge.machine
    log_z = log_partition(machine.weight, machine.visible_bias, machine.hidden_bias)
    return float((-judge.free_energy(x[1400:]).detach() - log_z).mean())


@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_learns(algorithm: str):
    assert nats(algorithm) > GOOD


@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
@pytest.mark.parametrize("break_it", [wrong_sign, frozen])
def test_broken_does_not_learn(algorithm: str, break_it: Callable[[Any], None]):
    assert not nats(algorithm, break_it) > GOOD
