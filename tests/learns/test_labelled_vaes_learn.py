"""VAEs with classes learn to classify, to bound the likelihood and to draw the class that is asked for.

The task: digits of 8x8 pixels with 5 labels of each class.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import torch

from saddlepoint import catalogue
from saddlepoint.config import DataConfig, TrainConfig
from saddlepoint.data.dataset import Data
from saddlepoint.data.load import load
from saddlepoint.engine.trainer import Trainer
from saddlepoint.metrics.accuracy import correct
from saddlepoint.types import Noise

COMMON: dict[str, Any] = {"network": "dense", "hidden": 128, "latent": 10, "likelihood": "bernoulli"}


@cache
def digits() -> Data:
    return load("digits", DataConfig(labels=50))


def play(name: str, steps: int, mutant: str = "", seed: int = 0, **config: Any) -> tuple[float, float, float]:
    """Train and return the error on held-out digits, their bound, and how far samples of a class are from its mean.

    mutant: "class sign", "bound sign", "labels alone" or "PLAYER frozen".
    """
    torch.manual_seed(seed)
    data = digits()
    recipe: Any = catalogue.create(name, data.spec, **COMMON, **config)
    t = Trainer(recipe, data, TrainConfig(batch=64, precision="fp32", track="none", ema=0), seed=seed)
    whole = t.update
    weight = recipe.config.class_weight

    def broken(losses):
        if "class_loss" not in losses:  # M1 alone
            return losses
        classes = weight * losses["class_loss"]
        if mutant == "class sign":
            return {"loss": losses["loss"] - 2 * classes}
        if mutant == "bound sign":
            return {"loss": 2 * classes - losses["loss"]}
        return {"loss": classes} if mutant == "labels alone" else losses

    def update(player, objective, batch):
        return {} if mutant == f"{player} frozen" else whole(player, lambda part: broken(objective(part)), batch)

    for step in range(steps):
        torch.manual_seed(1000 * seed + step)
        t.update.begin(step)
        t.stream.begin()
        recipe.step(t.batches, update, step)
    recipe.eval()
    x, y = data.test.x(slice(None)), data.test.y(slice(None))
    assert y is not None
    with torch.no_grad():
        bound = float(recipe.elbo(x, Noise("judge", rows=len(x))).mean())
        drawn = torch.stack([recipe.sample(50, y=label).mean(0) for label in range(10)])
    means = torch.stack([x[y == label].mean(0) for label in range(10)])
    return 1 - float(correct(recipe, data, data.test).mean()), bound, float((drawn - means).square().mean())


# error, bound, distance of two seeds: 0.20 -25.0 0.028, 0.14 -25.0 0.027; 0.18 -25.6 0.039, 0.17 -25.6 0.040;
# 0.34 -26.0 0.081, 0.36 -25.8 0.077. Of the mutants each misses a bar: a sign of the classes has errors from 0.88, one
# of the bound bounds below -1e8; labels alone, bounds to -28.6 and distances from 0.14; M1 frozen, errors from 0.69.
TASKS: dict[str, tuple[int, dict[str, Any], tuple[float, float, float]]] = {
    "classification_vae": (400, {}, (0.3, -27, 0.08)),
    "m2": (300, {"class_weight": 10.0}, (0.3, -27, 0.08)),
    "m1_m2": (600, {"class_weight": 1.0, "m1_steps": 300, "m2_latent": 10, "m2_hidden": 64}, (0.45, -27, 0.11)),
}
MUTANTS = [(name, mutant) for name in TASKS for mutant in ("class sign", "bound sign", "labels alone")]


def learns(name: str, mutant: str = "") -> bool:
    steps, config, bars = TASKS[name]
    error, bound, distance = play(name, steps, mutant, **config)
    return error < bars[0] and bound > bars[1] and distance < bars[2]


@pytest.mark.parametrize("name", TASKS)
def test_learns(name):
    assert learns(name)


@pytest.mark.parametrize(("name", "mutant"), [*MUTANTS, ("m1_m2", "m1 frozen")])
def test_broken_does_not_learn(name, mutant):
    assert not learns(name, mutant)
