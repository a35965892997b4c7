"""Which objectives, penalties, networks and norms go together: one table of what is refused, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

OF_GRADIENTS = frozenset({"r1", "r2", "wgan_gp", "dragan", "zero_centred"})
"""Penalties on the discriminator's gradient by its input; `orthogonal` is on its weights."""


@dataclass(frozen=True, kw_only=True)
class Composition:
    """What a GAN is put together of. norm: of the discriminator's layers."""

    objective: str
    penalties: tuple[str, ...]
    network: str
    norm: str

    @property
    def of_gradients(self) -> frozenset[str]:
        return OF_GRADIENTS & {*self.penalties}


@dataclass(frozen=True)
class Rule:
    """A row: the compositions it refuses and the sentence that says why."""

    refuses: Callable[[Composition], bool]
    because: str


RULES: tuple[Rule, ...] = (
    Rule(
        lambda c: len({*c.penalties}) < len(c.penalties),
        "A penalty named twice counts twice, which its weight says better: name each once.",
    ),
    Rule(
        lambda c: c.network == "mlp" and c.norm in ("batch", "layer"),
        "The dense network has no layers for batch or layer norm: take norm=none or norm=spectral.",
    ),
    Rule(
        lambda c: c.network == "r3gan" and c.norm != "none",
        "R3GAN's network is made to need no norm, and its residual branches start at 0, which spectral norm would "
        "divide by: take norm=none.",
    ),
    Rule(
        lambda c: c.norm == "batch" and bool(c.of_gradients),
        "A gradient penalty needs scores that depend on one example alone, and batch norm makes them depend on the "
        "whole batch: take norm=none, layer or spectral.",
    ),
    Rule(
        lambda c: len(c.of_gradients) > 1 and not c.of_gradients <= {"r1", "r2"},
        "Two gradient penalties ask for two slopes at once or for the same one twice: only r1, at data, and r2, at "
        "fakes, complete each other.",
    ),
    Rule(
        lambda c: "orthogonal" in c.penalties and c.norm == "spectral",
        "Spectral norm divides the weights by their size, so the size that orthogonal asks of them means nothing: take "
        "one of the two.",
    ),
    Rule(
        lambda c: (
            c.objective == "wasserstein" and c.norm != "spectral" and not c.of_gradients & {"wgan_gp", "zero_centred"}
        ),
        "The Wasserstein objective grows without bound unless the slope is held between data and fakes: add wgan_gp or "
        "zero_centred, or take norm=spectral.",
    ),
)


def refusal(composition: Composition) -> str | None:
    """Why this composition makes no sense, by the first rule that refuses it, or None."""
    return next((rule.because for rule in RULES if rule.refuses(composition)), None)
