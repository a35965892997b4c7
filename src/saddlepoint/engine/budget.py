"""How long to train: so many steps, images or minutes, by the wall or of CPU time."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from saddlepoint.errors import UserError

DEFAULT_IMAGES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Exactly one of the four is set. cpu_minutes: of one core, so that methods get equally much on a busy machine."""

    steps: int | None = None
    images: int | None = None
    minutes: float | None = None
    cpu_minutes: float | None = None

    def __post_init__(self) -> None:
        given = {key: value for key, value in asdict(self).items() if value is not None}
        if len(given) != 1:
            raise UserError("Give one of --steps, --images and --minutes, not several.")
        for key, value in given.items():
            if not 0 < value < math.inf:
                raise UserError(f"--{key} {value} is no budget: give a number above 0.")

    def fraction(self, *, steps: int, images: int, seconds: float, cpu_seconds: float) -> float:
        """The share of the budget used; 1 or more: done."""
        if self.steps is not None:
            return steps / self.steps
        if self.images is not None:
            return images / self.images
        if self.cpu_minutes is not None:
            return cpu_seconds / (60 * self.cpu_minutes)
        assert self.minutes is not None
        return seconds / (60 * self.minutes)

    def __str__(self) -> str:
        if self.minutes is not None:
            return f"{self.minutes:g} minutes"
        if self.cpu_minutes is not None:
            return f"{self.cpu_minutes:g} minutes of one core"
        return f"{self.steps:,} steps" if self.steps is not None else f"{self.images:,} images"


def make_budget(
    steps: int | None, images: int | None, minutes: float | None, cpu_minutes: float | None = None
) -> Budget:
    """The budget asked for, or a million images."""
    if steps is None and images is None and minutes is None and cpu_minutes is None:
        images = DEFAULT_IMAGES
    return Budget(steps=steps, images=images, minutes=minutes, cpu_minutes=cpu_minutes)
