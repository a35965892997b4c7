"""What looks wrong with a run: from its logs, its weights, and its samples beside the data.

A finding is a hint where to look, not a verdict. Each threshold stands beside its reason; docs/doctor.md has the
values measured on runs that are well and on runs made to be ill. No method is named here: what is looked at follows
from what the run logs and what its model can do.
"""

from __future__ import annotations

from saddlepoint.diagnosis import copies, game, logs, overfitting, pace, variety
from saddlepoint.diagnosis.evidence import Evidence
from saddlepoint.diagnosis.finding import Finding


def diagnose(evidence: Evidence) -> list[Finding]:
    """Everything that looks wrong, errors first."""
    checks = (
        logs.nonfinite,
        logs.rollback,
        logs.idle,
        pace.diverging,
        game.discriminator_won,
        variety.collapse,
        copies.memorisation,
        overfitting.overfitting,
        logs.few_images,
    )
    found = [finding for check in checks if (finding := check(evidence))]
    return sorted(found, key=lambda finding: finding.severity != "error")
