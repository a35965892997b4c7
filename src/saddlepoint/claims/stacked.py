"""A thousand modes: stacked MNIST, at an equal budget of CPU time for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from saddlepoint.claims.claim import Published, Scale, Setting
from saddlepoint.claims.protocol import Player, Protocol, Table
from saddlepoint.claims.results import Row

MINUTES = 40.0
"""Of one core: 20 of two."""
LONG = 120.0
"""The same for the one long training."""
TRAINING: dict[str, Any] = {"sample_every": 0, "checkpoint_every": 2_000, "log_every": 100, "track": "none"}
DCGAN: dict[str, Any] = {"width": 32, "batch": 32, "ema": 10_000}
"""All that play on DCGAN's networks have these."""
PLAYERS: Mapping[str, Mapping[str, Any]] = {
    "r3gan": {
        "width": 128,
        "full_width": 1,
        "blocks": 1,
        "batch": 16,
        "lr": (2e-3, 2e-4),
        "gamma": (10.0, 3.0),
        "burn_in": 200_000,
        "ema": 10_000,
    },
    "dcgan": DCGAN,
    "unrolled_gan": DCGAN,
    "ali": DCGAN,
    "pac_gan": DCGAN,
    "vee_gan": DCGAN,
}


def players(scale: Scale) -> dict[str, Player]:
    if scale == "full":
        options = {**PLAYERS["r3gan"], "burn_in": 650_000, "ema": 30_000}
        return {"r3gan": Player(recipe="r3gan", setting=Setting(options={**options, **TRAINING}, core_minutes=LONG))}
    return {
        name: Player(recipe=name, setting=Setting(options={**options, **TRAINING}, core_minutes=MINUTES))
        for name, options in PLAYERS.items()
    }


def play(table: Table, name: str, seeds: Sequence[int], scale: Scale) -> list[Row]:
    player = players(scale)[name]
    part = "" if scale == "quick" else "long"
    return [row for seed in seeds for row in table.trained(name, player, seed, part=part)]


PROTOCOL = Protocol(
    name="stacked",
    statement="A relativistic loss with both penalties keeps all thousand modes of stacked MNIST.",
    data="stacked-mnist",
    players=players,
    play=play,
    seeds=1,
    published=Published(
        value="DCGAN 99.0, ALI 16.0, Unrolled GAN 48.7, VEEGAN 150.0, PacDCGAN2 1000.0, R3GAN 1000 of 1000 modes; "
        "reverse KL 3.40, 5.40, 4.32, 2.95, 0.06, 0.029",
        measure="modes with one of 26,000 samples, and reverse KL",
        where="PacGAN, table 3, and R3GAN, section 5; from memory",
        comparable="no: minutes of two cores, other networks and another classifier of the digits",
    ),
    gap="The papers train for tens of epochs on a GPU; here everyone has twenty minutes of two CPU cores. The "
    "classifier errs, in each channel apart: its own accuracy and the floor, of real stacks, show how much.",
)
