"""What the run itself wrote down."""

from __future__ import annotations

import math

from saddlepoint.data.load import FEW
from saddlepoint.diagnosis.evidence import Evidence
from saddlepoint.diagnosis.finding import Finding

NAMED = 8
"""Examples of a bad batch that a sentence names."""


def nonfinite(evidence: Evidence) -> Finding | None:
    """The guard met a loss or gradient that was not finite."""
    faults = [line for line in evidence.events if line.get("event") == "nonfinite"]
    if not faults:
        return None
    first = faults[0]
    times = "once" if len(faults) == 1 else f"{len(faults)} times"
    batch = list(first.get("examples") or [])
    shown = ", ".join(str(example) for example in batch[:NAMED]) + (", ..." if len(batch) > NAMED else "")
    among = f", on a batch with examples {shown}" if batch else ""
    return Finding(
        severity="error",
        name="nonfinite",
        sentence=f"The {first['player']}'s {' and '.join(first['terms'])} was not finite {times}, first at step "
        f"{first['step']}{among}: try a lower lr, or precision=fp32, and look at examples that recur.",
        evidence={"count": len(faults), **{key: first[key] for key in ("step", "player", "terms")}, "examples": batch},
    )


def rollback(evidence: Evidence) -> Finding | None:
    """Training had to go back to a checkpoint and on with a lower learning rate."""
    back = [line for line in evidence.events if line.get("event") == "rollback"]
    if not back:
        return None
    last, factor = back[-1], math.prod(line["factor"] for line in back)
    times = "once" if len(back) == 1 else f"{len(back)} times"
    return Finding(
        severity="warning",
        name="rollback",
        sentence=f"Training went back {times}, last at step {last['step']} to the checkpoint of {last['to_images']:,} "
        f"images, and goes on with {factor:.3g} times its learning rate: start the next run with that rate.",
        evidence={"count": len(back), "step": last["step"], "to_images": last["to_images"], "factor": factor},
    )


def idle(evidence: Evidence) -> Finding | None:
    """A player whose part of the schedule has not come."""
    waiting = [player for player, growth in evidence.growth.items() if not growth.updates]
    if not waiting:
        return None
    return Finding(
        severity="warning",
        name="idle",
        sentence=f"These have had no update yet: {', '.join(waiting)}. What rests on them is untrained: go on for "
        "longer, or give fewer steps to what comes before.",
        evidence={"players": waiting},
    )


def few_images(evidence: Evidence) -> Finding | None:
    """So few examples that most methods learn them by heart."""
    count = evidence.manifest["data"].get("train")
    if count is None or count >= FEW:
        return None
    return Finding(
        severity="warning",
        name="few-images",
        sentence=f"There are only {count:,} training examples: below {FEW:,} most methods learn them by heart, and "
        "the held-out tenth is too small to show it; add data, or flip=true if mirror images make sense.",
        evidence={"train": count},
    )
