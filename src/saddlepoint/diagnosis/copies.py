"""Memorisation: samples that are copies of training examples."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.diagnosis.evidence import Evidence, Examples
from saddlepoint.diagnosis.finding import Finding, latest
from saddlepoint.metrics.neighbours import CHUNK, nearest

HALF = 0.5
"""A sample is a copy if it lies nearer to a training example than half the way from there to the next one. No even
blend of two training examples gets that near to either, and no blur: their mean is at least half as far from each as
the two are apart."""
SHARE = 0.25
"""Share of copies among samples, beyond that among held-out examples. New data in d dimensions have 2^-d of them
(a quarter on the plane, none in a picture), and held-out examples say what is usual here."""
RATIO = 0.4
"""Where only the evaluation's ratio is known: mean distance of samples to the nearest training example over that of
held-out ones. A model that learned the distribution has 1, a blurring one 0.7 (a mean is nearer by √2)."""


def memorisation(evidence: Evidence) -> Finding | None:
    """By the samples drawn; without them by the ratio an evaluation measured."""
    if evidence.examples:
        return _by_share(evidence.examples) if evidence.examples.finite else None
    ratio = latest(evidence.metrics, "memorisation")
    if ratio is None or ratio >= RATIO:
        return None
    return Finding(
        severity="error",
        name="memorisation",
        sentence=f"Samples lie {ratio:.2f} times as far from their nearest training example as unseen real examples "
        f"do (copies below {RATIO}): the model repeats what it was shown; stop earlier, or train on more data.",
        evidence={"ratio": ratio},
    )


def _by_share(examples: Examples) -> Finding | None:
    samples, train, held_out = examples.flat
    if len(train) < 2:
        return None
    share = copied(samples, train)
    usual = copied(held_out, train) if len(held_out) else 0.0
    if share - usual < SHARE:
        return None
    return Finding(
        severity="error",
        name="memorisation",
        sentence=f"{share:.0%} of samples are copies: nearer to a training example than half the way from it to the "
        f"next one, as are {usual:.0%} of unseen examples (memorised from {SHARE:.0%} more on); stop earlier, or train "
        "on more data.",
        evidence={"copies": share, "usual": usual, "far": examples.far},
    )


def copied(x: Tensor, train: Tensor) -> float:
    """The share of (N, D) rows that are copies of one of (M, D) training rows.

    A training row that is there twice has no way to the next one, and copies of it are not counted.
    """
    distance, where = (found[:, 0] for found in nearest(x, train.split(CHUNK)))
    origins, place = torch.unique(where, return_inverse=True)
    apart = nearest(train[origins], train.split(CHUNK), k=2)[0][:, -1]
    return float((distance < HALF * apart[place]).double().mean())
