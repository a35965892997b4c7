"""docs/what_helps.md from the rows of `saddle reproduce tips`."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from saddlepoint.claims.results import Row
from saddlepoint.claims.tips import BASE, PROTOCOL, TIPS, Tip

HEAD = """# What actually helps

Advice for training GANs, each piece switched alone in `dcgan`, on or off, at equal budget. Made from
`results/claims.csv` by `saddlepoint.claims.what_helps.page`; `saddle reproduce tips` makes the rows, and goes on where
it was stopped. The switches are keys of `dcgan`: `saddle info dcgan` explains them.

FD is a Frechet distance between the features that the table names (lower is better; it is not FID); recall is the share
of real images near a sample. Numbers are means over seeds ± their standard deviation. The gain is the FD without the
advice less the FD with it. A piece of advice **helps**, or **hurts**, where the gain is larger than the spread of the
difference, the root of both variances' sum; else it does nothing that shows. With three seeds, one in six pieces that
do nothing would get a verdict by chance alone.
"""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A piece of advice, measured: FD and recall by seed, followed and not."""

    tip: Tip
    with_it: Sequence[float]
    without: Sequence[float]
    recall_with: Sequence[float]
    recall_without: Sequence[float]

    @property
    def gain(self) -> float:
        return statistics.fmean(self.without) - statistics.fmean(self.with_it)

    @property
    def spread(self) -> float:
        """Standard deviation of the difference of one seed with and one without."""
        return math.hypot(statistics.stdev(self.with_it), statistics.stdev(self.without))

    @property
    def verdict(self) -> str:
        return "nothing that shows" if abs(self.gain) <= self.spread else "helps" if self.gain > 0 else "hurts"


def effects(rows: Sequence[Row]) -> list[Effect]:
    """All pieces of advice of which there are two seeds or more, the most helpful first."""
    own = [row for row in rows if row.scale == PROTOCOL.name]
    found: list[Effect] = []
    for name, tip in TIPS.items():
        fd, recall = ((_values(own, BASE, head), _values(own, name, head)) for head in ("FD", "recall"))
        if min(map(len, (*fd, *recall))) >= 2:
            plain, flipped = (1, 0) if not tip.followed else (0, 1)
            found.append(
                Effect(
                    tip=tip,
                    with_it=fd[plain],
                    without=fd[flipped],
                    recall_with=recall[plain],
                    recall_without=recall[flipped],
                )
            )
    return sorted(found, key=lambda effect: -effect.gain)


def page(rows: Sequence[Row]) -> str:
    """The page, from all rows of results."""
    own = [row for row in rows if row.scale == PROTOCOL.name]
    lines = [
        "| advice | dcgan as it is | FD with | FD without | gain | recall with | recall without | it |",
        "|---|---|---:|---:|---:|---:|---:|---|",
    ]
    for effect in effects(rows):
        cells = [
            effect.tip.advice,
            "follows it" if effect.tip.followed else "does not",
            _spread(effect.with_it),
            _spread(effect.without),
            f"{effect.gain:+,.2f} ± {effect.spread:.2f}",
            _spread(effect.recall_with),
            _spread(effect.recall_without),
            effect.verdict if effect.verdict.startswith("nothing") else f"**{effect.verdict}**",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    fewest = min(row.images for row in own)
    about = " and ".join(sorted({f"{row.data}, `{row.measure}`, {row.precision}" for row in own if _is(row, "FD")}))
    seen = f"Each training saw {fewest:,} images, to the next whole step, of {about}.\n"
    return "\n".join([HEAD, seen, *lines, "", PROTOCOL.gap, ""])


def _is(row: Row, head: str) -> bool:
    return row.measure.partition("[")[0] == head


def _values(rows: Sequence[Row], name: str, head: str) -> list[float]:
    """By seed; of several configurations, after a default changed, the one measured last."""
    own = [row for row in rows if row.recipe == name and _is(row, head)]
    return [row.value for row in own if row.config == own[-1].config]


def _spread(values: Sequence[float]) -> str:
    mean, spread = statistics.fmean(values), statistics.stdev(values)
    return f"{mean:,.0f} ± {spread:,.0f}" if mean >= 1000 else f"{mean:.3g} ± {spread:.2g}"
