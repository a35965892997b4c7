"""Autoregressive recipes learn how the pixels of digits hang together; broken ones do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from saddlepoint.config import DataConfig, TrainConfig
from saddlepoint.data.load import load
from saddlepoint.engine.budget import Budget
from saddlepoint.engine.trainer import Trainer
from saddlepoint.objectives.likelihoods import bernoulli
from support import small

# Nats by which a held-out digit is more probable than under the best model of pixels that know of no other.
LEARNT: dict[str, tuple[float, int, dict[str, Any]]] = {
    "made": (4.0, 300, {"widths": [64], "masks": 2, "lr": 5e-3}),
    "gated_pixel_cnn": (2.0, 120, {"layers": 3, "width": 16, "kernel": 3, "lr": 5e-3}),
    "pixel_cnn": (2.0, 120, {"blocks": 2, "width": 16, "lr": 5e-3}),
}


def gain(name: str, steps: int, config: dict[str, Any], break_it: Callable[[Any], None] = lambda model: None) -> float:
    data = load("digits", DataConfig(binarise="threshold"))
    model, judged = (small(name, data.spec, **config) for _ in range(2))
    break_it(model)
    options = TrainConfig(batch=64, precision="fp32", track="none")
    trainer = Trainer(model, data, options, seed=0)
    for _ in range(steps):
        trainer.one_step(Budget(steps=steps))
    judged.load_state_dict(model.state_dict())  # trained by the broken objective, judged by the right one
    train, test = (part.x(np.arange(len(part))) for part in (data.train, data.test))
    white = (train == 1).float().mean(0).clamp(1e-3, 1 - 1e-3)
    with torch.no_grad():
        return float((judged.eval().log_prob(test) - bernoulli(test, white.logit().expand_as(test))).mean())


@pytest.mark.parametrize("name", LEARNT)
def test_learns(name: str):
    bar, steps, config = LEARNT[name]
    assert gain(name, steps, config) > bar


def wrong_sign(model: Any) -> None:
    objective = model.objective
    model.objective = lambda batch: {"loss": -objective(batch)["loss"]}


def hears_nothing(model: Any) -> None:
    """Trained on logits that have forgotten the pixels before: all images get the mean image's."""
    predict = model.predict
    model.predict = lambda x, y: predict(torch.zeros_like(x), y)


@pytest.mark.parametrize("break_it", [wrong_sign, hears_nothing])
@pytest.mark.parametrize("name", LEARNT)
def test_broken_does_not_learn(name: str, break_it: Callable[[Any], None]):
    bar, steps, config = LEARNT[name]
    assert not gain(name, steps, config, break_it) > bar
