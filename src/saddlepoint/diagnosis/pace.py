"""A learning rate that is too high: the weights walk off, or the gradient does."""

from __future__ import annotations

import math

from saddlepoint.diagnosis.evidence import Evidence, Growth
from saddlepoint.diagnosis.finding import ENOUGH_LINES, Finding, quarters, scalars, series

DOUBLED = 2.0
"""Weights that have grown less are where they may be, however soon."""
STRIDE = 0.15
"""An update's step over the norm of the first weights, if steps were those of a random walk, whose squares add up:
r = √((growth² - 1) / updates). The recipes' own learning rates give 0.01 to 0.05, ten times as much about 0.1."""
FAR = 1.6
"""Samples this many times as far from the data as the data from itself. Long steps alone are no harm: before batch
norm, weights may grow as they like."""
EXPLODED = 1000.0
"""The gradient's norm now over that of the first quarter of the log. Models that learn a few images by heart reach
100, for their likelihood gets sharp."""


def diverging(evidence: Evidence) -> Finding | None:
    """By the weights; else by the gradient; else by samples that are not finite."""
    return _weights(evidence) or _gradient(evidence) or _samples(evidence)


def stride(growth: Growth) -> float:
    """The typical update's step over the norm of the initial weights."""
    return math.sqrt(max(growth.factor**2 - 1, 0) / max(growth.updates, 1))


def _weights(evidence: Evidence) -> Finding | None:
    if not evidence.growth:
        return None
    player, growth = max(evidence.growth.items(), key=lambda item: _sortable(stride(item[1])))
    step, far = stride(growth), evidence.far
    if growth.factor < DOUBLED or step < STRIDE or (far is not None and far < FAR):
        return None
    harm = "" if far is None else f", and samples lie {far:.1f} times as far from the data as the data from itself"
    return Finding(
        severity="warning" if far is None else "error",
        name="diverging",
        sentence=f"The {player}'s weights grew {growth.factor:.3g}-fold in {growth.updates:,} updates, steps of "
        f"{step:.2g} times their first size (at a fitting learning rate below {STRIDE}){harm}: divide lr by 10.",
        evidence={"player": player, "growth": growth.factor, "updates": growth.updates, "stride": step, "far": far},
    )


def _gradient(evidence: Evidence) -> Finding | None:
    if len(scalars(evidence.events)) < ENOUGH_LINES:
        return None
    for player, norms in series(evidence.events, "grad_norm").items():
        first, now = quarters(norms)
        if now > EXPLODED * first > 0:
            return Finding(
                severity="error",
                name="diverging",
                sentence=f"The {player}'s gradient grew from {first:.2g} to {now:.2g}, {now / first:.2g} times (a "
                f"model that learns stays below {EXPLODED:.0f}): lower lr, and give a critic its penalty.",
                evidence={"player": player, "gradient_first": first, "gradient_now": now},
            )
    return None


def _samples(evidence: Evidence) -> Finding | None:
    if not evidence.examples or evidence.examples.finite:
        return None
    return Finding(
        severity="error",
        name="diverging",
        sentence="Samples hold values that are not finite: the weights have diverged; lower lr and train anew.",
    )


def _sortable(value: float) -> float:
    return math.inf if math.isnan(value) else value
