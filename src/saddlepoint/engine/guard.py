"""What the updates since the last look came to, and what was not finite among it.

The updater itself refuses what is not finite, on the device. Here it is remembered, so that the host may look only now
and then and still names the step and the examples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint import distributed


@dataclass(frozen=True, kw_only=True)
class Fault:
    """An update that was left out. `examples`: those of its batch that are not finite themselves, or else all."""

    player: str
    terms: tuple[str, ...]
    step: int
    examples: tuple[int, ...]
    themselves: bool

    def __str__(self) -> str:
        shown = ", ".join(str(i) for i in self.examples[:8])
        more = f" and {len(self.examples) - 8} others" if len(self.examples) > 8 else ""
        of = "whose values are not finite themselves" if self.themselves else "in its batch"
        terms = " and ".join(self.terms)
        return f"At step {self.step} the {self.player}'s {terms} was not finite, with examples {shown}{more} {of}."


@dataclass(frozen=True, kw_only=True)
class Call:
    """One update. bad: whether it was left out; sums: (B,) the sum of each example; all on the device."""

    player: str
    step: int
    bad: Tensor
    means: Mapping[str, Tensor]
    index: Tensor
    sums: Tensor

    def fault(self) -> Fault:
        """Every process must ask: the examples are spread over all of them."""
        terms = tuple(key for key, value in self.means.items() if key != "grad_norm" and not torch.isfinite(value))
        n = len(self.index) * distributed.connected().size
        index = distributed.gather(self.index, n)
        broken = ~distributed.gather(self.sums.isfinite(), n)
        examples = index[broken] if broken.any() else index
        return Fault(
            player=self.player,
            terms=terms or ("gradient",),
            step=self.step,
            examples=tuple(examples.tolist()),
            themselves=bool(broken.any()),
        )


class Guard:
    """Remembers each update until the next look."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self.in_a_row: Counter[str] = Counter()
        """Each player's updates left out one after the other, up to the last look."""

    def add(self, call: Call) -> None:
        self._calls.append(call)

    def look(self) -> list[Call]:
        """The updates since the last look that were left out; waits for the device once."""
        calls, self._calls = self._calls, []
        if not calls:
            return []
        bad = torch.stack([call.bad for call in calls]).tolist()
        for call, left_out in zip(calls, bad, strict=True):
            self.in_a_row[call.player] = self.in_a_row[call.player] + 1 if left_out else 0
        return [call for call, left_out in zip(calls, bad, strict=True) if left_out]

    def forget(self) -> None:
        """As new: after going back to a checkpoint."""
        self._calls, self.in_a_row = [], Counter()
