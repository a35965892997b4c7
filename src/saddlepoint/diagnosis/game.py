"""A discriminator that has won: it is sure of everything, and the generator gets nowhere."""

from __future__ import annotations

import math
from statistics import median

from saddlepoint.diagnosis.evidence import Evidence
from saddlepoint.diagnosis.finding import ENOUGH_LINES, Finding, Lines, scalars

SURE_REAL, SURE_FAKE = 0.95, 0.05
"""Beyond these the discriminator's logits are past 3 and minimax gradients a twentieth of their size. Balanced games
stay at 0.6 to 0.9 on real images."""
SURE_MARGIN = 6.0
"""The same for the difference D(x) - D(G(z)) that relativistic games log, in logits: 3 and 3."""
SUSTAINED = 0.75
"""Share of the last quarter of the log that must be beyond them: spikes are normal, either way."""
LOST = 1.6
"""Samples this many times as far from the data as the data from itself. On few data a discriminator gets sure in the
long run while samples stay good; that is no defeat."""


def discriminator_won(evidence: Evidence) -> Finding | None:
    """Sure in the last quarter of the log, and samples far from the data; where those are unknown, only a warning.

    A critic of unbounded output that logs neither probabilities nor a margin is meant to win and never found.
    """
    told = _told_apart(evidence.events)
    far = evidence.far
    if told is None or told[0] < SUSTAINED or (far is not None and far < LOST):
        return None
    share, seen = told
    harm = "" if far is None else f", and samples lie {far:.1f} times as far from the data as the data from itself"
    return Finding(
        severity="warning" if far is None else "error",
        name="discriminator-won",
        sentence=f"The discriminator tells samples from real data almost always ({seen} in the last quarter){harm}: "
        "it learns faster than the generator; lower lr or d_steps, or try r3gan or wgan_gp.",
        evidence={"sure": share, "far": far},
    )


def _told_apart(events: Lines) -> tuple[float, str] | None:
    """The share of the last quarter of the log in which the discriminator was sure, and its medians in words."""
    lines = scalars(events)
    if len(lines) < ENOUGH_LINES:
        return None
    last = lines[-(len(lines) // 4) :]
    real, fake, margin = (_values(last, term) for term in ("d_real", "d_fake", "margin"))
    if real and len(real) == len(fake):
        sure = sum(r > SURE_REAL and f < SURE_FAKE for r, f in zip(real, fake, strict=True)) / len(real)
        return sure, f"D(x) {median(real):.3f}, D(G(z)) {median(fake):.3f}; sure beyond {SURE_REAL} and {SURE_FAKE}"
    if margin:
        sure = sum(m > SURE_MARGIN for m in margin) / len(margin)
        return sure, f"D(x) - D(G(z)) {median(margin):.3g}; sure beyond {SURE_MARGIN:g}"
    return None


def _values(lines: Lines, term: str) -> list[float]:
    found = (line[key] for line in lines for key in line if key.rpartition("/")[2] == term and "/" in key)
    return [value for value in found if value is not None and math.isfinite(value)]
