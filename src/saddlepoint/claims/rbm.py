"""Hinton 2002 and Tieleman 2008: an energy learned from a few steps of a chain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from saddlepoint.claims.claim import Claim, Published, Setting, Trained
from saddlepoint.metrics.likelihood import mean_and_error
from saddlepoint.metrics.measurement import Measurement
from saddlepoint.objectives.partition import MOST, annealed_log_weights, log_mean, log_partition
from saddlepoint.types import Noise

RUNS, STEPS = 100, 15_000


@torch.no_grad()
def measure(trained: Trained) -> Iterator[Measurement]:
    """The mean log-probability of test images: exact for a machine with a small layer, else by an estimate of log Z."""
    model: Any = trained.model
    machine, test = model.machine, trained.data.test
    parameters = machine.weight, machine.visible_bias, machine.hidden_bias
    protocol: dict[str, Any] = {"n": len(test), "reference": "test", "weights": "average"}
    if min(len(machine.visible_bias), len(machine.hidden_bias)) <= MOST:
        log_z, how = log_partition(*parameters), "exact"
    else:
        white = model.units(trained.data.train.x(np.arange(min(10_000, len(trained.data.train))))).mean(0)
        base = torch.logit(white.to(model.device), eps=1e-3)
        noise = Noise("annealing", trained.seed, rows=RUNS, device=model.device)
        log_z, error = log_mean(annealed_log_weights(*parameters, noise, STEPS, base))
        how = f"by annealed importance sampling, {RUNS} runs of {STEPS:,} steps"
        yield Measurement(metric=f"log Z {how}", value=float(log_z), error=float(error), protocol=protocol)
    x = test.x(np.arange(len(test))).to(model.device)
    value, error = mean_and_error(-model.free_energy(x).double().cpu() - log_z.cpu())
    yield Measurement(metric=f"log p of test images, {how}", value=value, error=error, protocol=protocol)


OPTIONS = {"binarise": "stochastic", "algorithm": "pcd", "batch": 100, "decay": "linear"}

CLAIM = Claim(
    recipe="rbm",
    statement="A product of experts is learned by few steps of a Gibbs chain, better if the chain is never started "
    "anew.",
    published={
        "mnist": Published(
            value="-86.34",
            measure="test log-probability in nats by annealed importance sampling, 500 hidden units, 25 steps of "
            "contrastive divergence; -105.50 with 3 steps, -125.53 with one",
            where="Salakhutdinov & Murray 2008, table 1, from memory",
            comparable="no: other draws of black and white pixels, and fewer updates here",
        ),
    },
    settings={
        "quick": {"mnist": Setting(images=600_000, options={**OPTIONS, "lr": 0.1, "sample_steps": 100, "ema": 10_000})},
        "full": {"mnist": Setting(images=50_000_000, options=OPTIONS)},
    },
    gap="Persistent chains of one step, whose likelihood the papers measure for small machines only. Quick samples are "
    "100 Gibbs steps from one of the 100 training chains, so some are near others. "
    "Chains that start anew are not compared.",
    probe=measure,
)
