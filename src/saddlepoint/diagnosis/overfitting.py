"""Overfitting: the model is closer to what it was trained on than to what it was not."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saddlepoint.diagnosis.evidence import Evidence, Examples, Opinion
from saddlepoint.diagnosis.finding import Finding
from saddlepoint.metrics.neighbours import CHUNK, nearest

KNOWN = 0.8
"""How often a training example is preferred to a held-out one, over all pairs: 0.5 if training left no mark. This
is the area under the curve of an attack that guesses who was trained on (Chen et al. 2020, arXiv 1909.03935)."""
SURE = 3.0
"""Standard deviations of chance that it must lie above 0.5: of few held-out examples all may be preferred by luck."""
DOUBTED = 0.5
"""How often a discriminator prefers its own samples to held-out examples. Below, it has learned its examples, as it
does on any small set in time, and still tells new ones from samples, which is what the generator learns by (close to
r_v = 1 of Karras et al. 2020, arXiv 2006.06676)."""
COMPARED = 1000
"""Examples, at most, of either kind."""


def overfitting(evidence: Evidence) -> Finding | None:
    """By what the model itself says of the examples, else by how near its samples are to them."""
    for judge, opinion in evidence.opinions.items():
        found = _by_opinion(judge, opinion)
        if found:
            return found
    examples = evidence.examples
    return _by_distance(examples) if examples and examples.finite else None


def preferred(better: Tensor, worse: Tensor) -> float:
    """How often one of (N,) values is above one of (M,), over all pairs; equal ones count half (Mann & Whitney)."""
    below = torch.searchsorted(worse.sort().values, better)
    below_or_equal = torch.searchsorted(worse.sort().values, better, right=True)
    return float((below + below_or_equal).double().mean() / (2 * len(worse)))


def by_chance(n: int, m: int) -> float:
    """The standard deviation of `preferred` for n and m values of one distribution."""
    return math.sqrt((n + m + 1) / (12 * n * m))


def _is_known(better: Tensor, worse: Tensor) -> bool:
    share = preferred(better, worse)
    return share >= KNOWN and share > 0.5 + SURE * by_chance(len(better), len(worse))


def _by_opinion(judge: str, opinion: Opinion) -> Finding | None:
    train, held_out = opinion.train, opinion.held_out
    if not len(held_out) or not _is_known(train, held_out):
        return None
    numbers = {"preferred": preferred(train, held_out), "held_out": len(held_out)}
    doubt = ""
    if opinion.samples is not None:
        numbers["samples_preferred"] = doubted = preferred(opinion.samples, held_out)
        if doubted < DOUBTED:
            return None
        doubt = f", and its own samples to held-out ones in {doubted:.0%} (from {DOUBTED:.0%})"
    return _finding(f"The {judge} prefers training examples to held-out ones", numbers, doubt)


def _by_distance(examples: Examples) -> Finding | None:
    samples, train, held_out = examples.flat
    if not len(held_out):
        return None
    # negated: nearer is better
    ours = -nearest(train[:COMPARED], samples.split(CHUNK))[0][:, 0]
    theirs = -nearest(held_out[:COMPARED], samples.split(CHUNK))[0][:, 0]
    if not _is_known(ours, theirs):
        return None
    numbers = {"preferred": preferred(ours, theirs), "held_out": len(theirs)}
    return _finding("Samples lie nearer to training examples than to held-out ones", numbers, "")


def _finding(what: str, numbers: dict[str, float], rest: str) -> Finding:
    return Finding(
        severity="warning",
        name="overfitting",
        sentence=f"{what} in {numbers['preferred']:.0%} of pairs (50% without overfitting, found from {KNOWN:.0%}"
        f"){rest}: stop earlier (best checkpoint by evaluate_every), or train on more data.",
        evidence=numbers,
    )
