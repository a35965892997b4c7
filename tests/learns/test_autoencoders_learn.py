"""An autoencoder learns to rebuild held-out digits; with a player frozen or its sign reversed it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from saddlepoint.data.load import load
from saddlepoint.engine.budget import Budget
from saddlepoint.recipe import Player
from support import small, trainer

GOOD = 0.45
"""Share of the held-out digits' variance that is not rebuilt from 8 numbers after 300 steps. Measured: 0.34, mutants
0.76 and more."""


def frozen_encoder(model: Any) -> None:
    model.players = lambda: {"autoencoder": Player(modules=(model.decoder,), lr=1e-3)}


def frozen_decoder(model: Any) -> None:
    model.players = lambda: {"autoencoder": Player(modules=(model.encoder,), lr=1e-3)}


def sign(model: Any) -> None:
    objective = model.objective
    model.objective = lambda batch: {"loss": -objective(batch)["loss"]}


def left_over(break_it: Callable[[Any], None] = lambda model: None) -> float:
    data = load("digits")
    model = small("ae", data.spec, network="dense", widths=[64])
    break_it(model)
    t = trainer(model, batch=64)
    for _ in range(300):
        t.one_step(Budget(steps=300))
    x = data.test.x(np.arange(len(data.test)))
    with torch.no_grad():
        return float((x - model.generate(model.encode(x))).square().mean() / (x - x.mean(0)).square().mean())


def test_learns():
    assert left_over() < GOOD


@pytest.mark.parametrize("break_it", [frozen_encoder, frozen_decoder, sign])
def test_broken_does_not_learn(break_it: Callable[[Any], None]):
    assert not left_over(break_it) < GOOD
