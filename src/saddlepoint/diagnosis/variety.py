"""Collapse: samples that are nearly alike."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.diagnosis.evidence import Evidence, Examples
from saddlepoint.diagnosis.finding import Finding, Lines, latest

SPREAD = 0.3
"""Mean distance between samples against that between real examples. Blurred or half-trained models stay above 0.5."""
SPACING = 0.25
"""The same for the distance to the nearest neighbour, which sees copies of many pictures. A model
of photographs that only knows smooth ones has 0.37."""
RECALL, PRECISION = 0.05, 0.2
"""Recall this low while precision is not: some real examples are imitated, the others never. Both low is only early."""

YOUNG = 2000
"""Updates before which nothing is said: a generator begins with one picture and spreads, dense ones slowly."""
AT_ONCE = 256
"""Samples, and real examples, whose distances are compared; of few examples a quarter, or a model that draws each of
them equally often would look collapsed because some come twice."""


def collapse(evidence: Evidence) -> Finding | None:
    """By the recall that was measured, or by the samples' distances from each other."""
    examples = evidence.examples
    found = _by_recall([line for line in evidence.metrics if line.get("step", 0) >= YOUNG])
    if found or evidence.updates < YOUNG or not examples or not examples.finite:
        return found
    return _by_distance(examples)


def _by_recall(metrics: Lines) -> Finding | None:
    recall, precision = latest(metrics, "recall"), latest(metrics, "precision")
    if recall is None or precision is None or recall >= RECALL or precision < PRECISION:
        return None
    return Finding(
        severity="error",
        name="collapse",
        sentence=f"Samples reach only {recall:.1%} of the data's variety (recall; from {RECALL:.0%} on it is variety) "
        f"though {precision:.0%} of them look real (precision): the generator makes few kinds of picture; try r3gan, "
        "or a lower lr.",
        evidence={"recall": recall, "precision": precision},
    )


def _by_distance(examples: Examples) -> Finding | None:
    samples, real, _ = examples.flat
    count = min(len(samples), len(real) // 4, AT_ONCE)
    if count < 2:
        return None
    spread = _ratio(_between(samples, count).mean(), _between(real, count).mean())
    spacing = _ratio(_to_nearest(samples, count).median(), _to_nearest(real, count).median())
    if spread >= SPREAD and spacing >= SPACING:
        return None
    return Finding(
        severity="error",
        name="collapse",
        sentence=f"Samples are nearly alike: they lie {spread:.2f} times as far apart as real examples (alike below "
        f"{SPREAD}), and their nearest neighbours {spacing:.2f} times (below {SPACING}); if more training does not "
        "help, lower lr or try another recipe (for images r3gan).",
        evidence={"spread": spread, "spacing": spacing},
    )


def _ratio(ours: Tensor, theirs: Tensor) -> float:
    """Samples' distance over the data's; data that are all alike ask for nothing."""
    return float(ours / theirs) if theirs > 0 else 1.0


def _groups(x: Tensor, count: int) -> Tensor:
    """The first (N, D) rows as (N // count, count, D)."""
    whole = min(len(x), AT_ONCE) // count * count
    return x[:whole].unflatten(0, (-1, count))


def _between(x: Tensor, count: int) -> Tensor:
    """All distances between two of one group."""
    return torch.cat([torch.pdist(group) for group in _groups(x, count)])


def _to_nearest(x: Tensor, count: int) -> Tensor:
    """The distance of each to the nearest other of its group."""
    return torch.cat([torch.cdist(g, g).fill_diagonal_(float("inf")).amin(1) for g in _groups(x, count)])
