"""A second kind of claim: several recipes under one protocol, on data whose truth is known.

The rows stand in the same file as those of the papers' claims, with the protocol's name in the place of the scale. Each
is written as soon as it is measured, and what is there is not done again, so an interrupted protocol goes on.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from saddlepoint import api
from saddlepoint.claims.claim import Published, Scale, Setting
from saddlepoint.claims.columns import about, config_of, numbers, options_text
from saddlepoint.claims.results import Row, keep, read
from saddlepoint.claims.training import RUNS, Bench, bench, train_or_diverge
from saddlepoint.engine.device import pick_device
from saddlepoint.engine.events import Reporter
from saddlepoint.errors import UserError
from saddlepoint.metrics.measurement import Measurement


@dataclass(frozen=True, kw_only=True)
class Player:
    """Who takes part: a recipe, by its own name or by the one it plays under, and what it plays with."""

    recipe: str
    setting: Setting


@dataclass(frozen=True, kw_only=True)
class Table:
    """Where a protocol's numbers go, and whence they come if they are there."""

    protocol: Protocol
    bench: Bench
    out: Path
    command: str

    def trained(
        self,
        name: str,
        player: Player,
        seed: int,
        *,
        part: str = "",
        metrics: Sequence[str] = ("truth",),
        draws: int = 5000,
        checkpoint: Literal["latest", "best"] = "latest",
    ) -> list[Row]:
        """The rows of one training; of one that diverged, as it was then: the row's images say when.

        part: of the protocol, where it has several, as in `grid tuning`; draws: of the metric `iwae`; checkpoint: the
        one that is judged.
        """
        options, budget = player.setting.options, asdict(player.setting.budget(pick_device(self.bench.device).type))
        kept = {key: value for key, value in budget.items() if value is not None}
        text = options_text({**options, **kept} | ({} if player.recipe == name else {"recipe": player.recipe}))
        config = config_of(player.recipe, options)
        scale = f"{self.protocol.name} {part}".strip()

        def measure() -> tuple[dict[str, Any], list[Measurement]]:
            folder = RUNS / "-".join([*scale.split(), name, self.bench.called, config, f"seed{seed}"])
            at = self.bench
            run = train_or_diverge(player.recipe, player.setting, seed, folder, at)
            found = api.evaluate(
                run,
                metrics=metrics,
                k=draws,
                checkpoint=checkpoint,
                reference=at.source,
                device=at.device,
                offline=at.offline,
                reporter=at.reporter,
            )
            return about(run), found

        return self.rows(name, seed, scale, text, config, measure)

    def rows(
        self,
        name: str,
        seed: int,
        scale: str,
        options: str,
        config: str,
        measure: Callable[[], tuple[dict[str, Any], Iterable[Measurement]]],
    ) -> list[Row]:
        """The rows of this name, seed, scale, options and data: those kept, or else those that are measured now."""
        key = (name, seed, scale, options, config, self.bench.data.fingerprint[:12])
        if there := self._kept(key):
            return there
        own, measured = measure()
        protocol = self.protocol
        columns: dict[str, Any] = {
            "recipe": name,
            "data": self.bench.called,
            "fingerprint": self.bench.data.fingerprint[:12],
            "scale": scale,
            "seed": seed,
            "claim": protocol.statement,
            "paper_value": protocol.published.value,
            "paper_measure": f"{protocol.published.measure} ({protocol.published.where})",
            "comparable": protocol.published.comparable,
            "options": options,
            "command": self.command,
        }
        new = [Row(**{**own, **columns, "config": config}, **number) for number in numbers(measured)]
        keep(self.out, new)
        return self._kept(key)  # as the file has them: to six digits

    def _kept(self, key: tuple[str | int, ...]) -> list[Row]:
        return [
            row
            for row in read(self.out)
            if (row.recipe, row.seed, row.scale, row.options, row.config, row.fingerprint) == key
        ]


Play = Callable[[Table, str, Sequence[int], Scale], list[Row]]
"""Trains and measures the player of this name with each of the seeds; the rows to be shown."""


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """name: as in `saddle reproduce NAME`; data: which recipes learn; players: who takes part, by scale; play: all that
    one of them goes through; statement, published and gap: as in a claim."""

    name: str
    statement: str
    data: str
    players: Callable[[Scale], Mapping[str, Player]]
    play: Play
    seeds: int
    published: Published
    gap: str


def find(name: str) -> Protocol:
    """The protocol of this name, one of `PROTOCOLS`."""
    return importlib.import_module(f"saddlepoint.claims.{name}").PROTOCOL


def run(
    protocol: Protocol,
    *,
    recipes: Sequence[str] = (),
    data: str | Path | None = None,
    scale: Scale = "quick",
    seeds: Sequence[int] | None = None,
    out: Path = Path("results") / "claims.csv",
    device: str = "auto",
    offline: bool = False,
    reporter: Reporter | None = None,
) -> list[Row]:
    """Train and judge every recipe of a protocol, or the named ones, with its number of seeds or these.

    data: where the protocol's set, or another in its place, lies.

    Raises:
        UserError: a recipe that does not take part; data that cannot be had.
    """
    players = protocol.players(scale)
    if strangers := [name for name in recipes if name not in players]:
        raise UserError(
            f"{strangers[0]} takes no part in {protocol.name} at {scale} scale: those that do are {', '.join(players)}."
        )
    at = bench(protocol.data, data, {}, device=device, offline=offline, reporter=reporter)
    elsewhere = f" --data {at.called}" if at.called != protocol.data else ""
    command = f"saddle reproduce {protocol.name}{elsewhere}" + ("" if scale == "quick" else f" --scale {scale}")
    table = Table(protocol=protocol, bench=at, out=out, command=command)
    chosen = range(protocol.seeds) if seeds is None else seeds
    return [row for name in recipes or players for row in protocol.play(table, name, chosen, scale)]
